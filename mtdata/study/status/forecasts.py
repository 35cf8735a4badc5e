"""What will go wrong at a site if nothing changes, told before it does; it asks no site anything.

It reads the ledger beside a round and enters incidents there; of the pool's files it touches none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from mtdata.config import SiteConfig
from mtdata.core.past import latest_counted
from mtdata.core.words import span
from mtdata.study.model import forecast
from mtdata.study.model.forecast import RoundTries
from mtdata.study.pool import Pool
from mtdata.study.status.report import RoundReport

COLLECTED = ("export {} .", "export {} all")
KEPT = ("export {} static", "export {} all")
"""How the ledger calls the rounds that bring what must leave the site, and what stays; {} = it."""

WEEKS = forecast.LOOK_BACK.days
_ASK = "See whether the daemon, the timer or cron runs, and `mtdata incidents` for what hinders it"


def look_ahead(pool: Pool, config: SiteConfig, now: datetime) -> None:
    """Open and close what is foreseen of one site; a round may be running meanwhile."""
    _all_but_schedule(pool, config, now).schedule(now)


def look_behind_round(pool: Pool, config: SiteConfig, now: datetime) -> bool:
    """Look ahead at the end of a round; whether the schedule is kept, of which nothing is told.

    That it is missed the clock tells: what is late may be the next thing that is done.
    """
    _all_but_schedule(pool, config, now)
    return not late_of(tries_of(pool, config), config, now)


def _all_but_schedule(pool: Pool, config: SiteConfig, now: datetime) -> Forecasts:
    report = RoundReport(config.name, pool)
    report.tell_of_delete_mode(delete_mode=config.delete_mode)
    watch = Forecasts(pool, config, report)
    watch.disk()
    watch.rows()
    watch.entries(now)
    return watch


class SiteTries(NamedTuple):
    """What the ledger says of the rounds that bring what leaves the site, and what stays."""

    collected: RoundTries
    kept: RoundTries


def tries_of(pool: Pool, config: SiteConfig) -> SiteTries:
    """The rounds of a site, as the ledger has them."""
    tried, now = pool.ledger.arrivals.tried, pool.clock.now()
    return SiteTries(
        *(tried(now, *(c.format(config.name) for c in words)) for words in (COLLECTED, KEPT))
    )


def late_of(tries: SiteTries, config: SiteConfig, now: datetime) -> dict[str, datetime]:
    """Which rounds are overdue, by 'collected' and 'kept', and since when they are waited for."""
    collected, kept = tries
    late = {}
    if forecast.is_missed(collected, config.every_s, now):
        late["collected"] = forecast.waited_since(collected, now)
    if forecast.is_missed_daily(kept, config.static_at, config.timezone, now):
        late["kept"] = forecast.waited_since(kept, now)
    return {what: since for what, since in late.items() if since is not None}


def disk_fault(pool: Pool) -> str | None:
    """Words where the disk has no room for another week like the last."""
    now = pool.clock.now()
    since, until = pool.day(now, forecast.RATE_DAYS), pool.day(latest_counted(now))
    grown = pool.ledger.arrivals.grown(since, until)
    return forecast.disk_low(pool.disk.room(), *grown)


class Forecasts:
    """One look at a site; what it finds goes into the report of a round, or one of its own."""

    def __init__(self, pool: Pool, config: SiteConfig, report: RoundReport) -> None:
        self._pool, self._config, self._report = pool, config, report

    def disk(self) -> None:
        """Whether the disk has room for what comes."""
        self._settle("disk_low", "", disk_fault(self._pool))

    def rows(self, listed: int | None = None) -> None:
        """Whether the site is about to lock participants out; `listed` = what it says it has."""
        limit, told = self._config.max_records, None
        if limit is not None:
            rows = self._pool.ledger.arrivals.rows_on_site() if listed is None else listed
            told = forecast.lockout(rows, limit, self._rate(), deletes=self._config.delete_mode)
        self._settle("lockout_ahead", "", told)

    def after_round(self, *, looked: bool) -> None:
        """What a round that just ended may have put right; it opens no schedule_missed.

        `looked`: it did so at disk and rows on its way, and changed nothing since.
        """
        if not looked:
            self.disk()  # what a full disk had taken into itself
            self.rows()
        incidents, now = self._pool.ledger.incidents, self._pool.clock.now()
        if all(one.kind != "schedule_missed" for one in incidents.open_incidents("")):
            return
        if not late_of(tries_of(self._pool, self._config), self._config, now):
            self._report.close("", ("schedule_missed",))

    def schedule(self, now: datetime) -> None:
        """Whether good rounds come as often as the config says."""
        tries = tries_of(self._pool, self._config)
        late, told = late_of(tries, self._config, now), []
        if since := late.get("collected"):
            every = span(timedelta(seconds=self._config.every_s))
            told.append(f"no good round since {since:%Y-%m-%d %H:%M} UTC; one is due every {every}")
        if since := late.get("kept"):
            told.append(
                f"the scales that must stay were not collected since {since:%Y-%m-%d %H:%M} UTC;"
                f" that is due every day at {self._config.static_at:%H:%M}"
            )
        if told and any(of.ahead for of in tries):
            told.append("rounds that lie in the future prove nothing: the clock stood ahead then")
        self._settle("schedule_missed", "", f"{'; '.join(told)}. {_ASK}" if told else None)

    def entries(self, now: datetime) -> None:
        """Scales with far fewer or far more new entries than usual."""
        arrivals, day = self._pool.ledger.arrivals, self._pool.day
        today = self._pool.clock.local(now).date()
        before = [day(now, back) for back in range(forecast.OF_DAYS, 0, -1)]
        counts, newest = arrivals.by_day(before[0]), arrivals.newest(day(now, WEEKS), now)
        first = arrivals.first_days(day(latest_counted(now)))
        standing = {(one.kind, one.scale) for one in self._pool.ledger.incidents.open_incidents()}
        for scale in self._pool.ledger.listing.scales():
            if not scale.deleteable or scale.name not in first:
                continue
            found = counts.get(scale.name, {})
            told, fresh = None, found.get(today.isoformat(), 0)
            if fresh >= forecast.SURGE_ROWS:
                known = (today - datetime.fromisoformat(first[scale.name]).date()).days
                told = forecast.surge(fresh, [found.get(one, 0) for one in before], known)
            if told or ("surge", scale.name) in standing:
                self._settle("surge", scale.name, told)
            is_open = ("silence", scale.name) in standing
            self._silence(scale.name, newest.get(scale.name), now, is_open=is_open)

    def _silence(
        self, scale: str, newest: datetime | None, now: datetime, *, is_open: bool
    ) -> None:
        """Only a scale without an entry for a day is looked at closely."""
        told = None
        if newest is not None and now - newest > forecast.DAY:
            told = self._silence_detail(scale, now)
        if not is_open and told and self._pool.ledger.incidents.has_detail("silence", scale, told):
            return  # a person has closed it: the study may have ended, and that is known now
        if told or is_open:
            self._settle("silence", scale, told)

    def _silence_detail(self, scale: str, now: datetime) -> str | None:
        arrivals = self._pool.ledger.arrivals
        found = forecast.silence(arrivals.moments(scale, self._pool.day(now, 2 * WEEKS), now))
        if found is None or now - found.since <= found.limit:
            return None
        commands = (command.format(self._config.name) for command in COLLECTED)
        rounds_then = arrivals.good_rounds(found.since, now, *commands)
        heard = forecast.listened(found.since, rounds_then, self._config.every_s)
        return found.detail() if heard > found.limit else None

    def _rate(self) -> float:
        """New rows a day of all deleteable scales together; no more days than the pool has."""
        now, arrivals = self._pool.clock.now(), self._pool.ledger.arrivals
        until = self._pool.day(latest_counted(now))
        first = min(arrivals.first_days(until).values(), default="")
        whole = [self._pool.day(now, back) for back in range(1, forecast.RATE_DAYS + 1)]
        counts = arrivals.by_day(whole[-1]).values()
        before = [sum(found.get(day, 0) for found in counts) for day in whole if day >= first]
        today = self._pool.day(now)
        return forecast.daily_rate(sum(found.get(today, 0) for found in counts), before)

    def _settle(self, kind: str, scale: str, told: str | None) -> None:
        if told is None:
            self._report.close(scale, (kind,))
        else:
            self._report.tell(kind, scale, told, lasts=True)
