"""How a pool stands, in plain numbers out of the ledger; it asks no site and changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.levels import LASTING
from mtdata.alerts.shape import shape_of
from mtdata.config import SiteConfig
from mtdata.core.past import latest_counted, past
from mtdata.study.ledger import evidence
from mtdata.study.ledger.arrivals import OnSite
from mtdata.study.ledger.kept_counts import NONE, ScaleCounts
from mtdata.study.ledger.snapshots import Snapshot
from mtdata.study.model.forecast import OF_DAYS, RATE_DAYS, coming
from mtdata.study.model.scale import Scale
from mtdata.study.model.states import MALFORMED, SEALED
from mtdata.study.pool import Pool, ScaleRun
from mtdata.study.status import forecasts, shape
from mtdata.study.status.verdict import judged


def overview(pool: Pool, config: SiteConfig) -> shape.SiteShape:
    """How a site stands; one that is not READY is not late.

    `deletes_blocked`: why nothing is deleted; `late`: what is, since when; `new_rows` by day;
    `incidents_open` by level.
    """
    ledger, now, tries = pool.ledger, pool.clock.now(), forecasts.tries_of(pool, config)
    there = {
        name: one._replace(oldest_at=past(one.oldest_at, now))
        for name, one in ledger.arrivals.on_site().items()
    }
    listed = ledger.arrivals.listed()
    late = forecasts.late_of(tries, config, now) if config.ready else {}
    site = shape.SiteShape(
        **_state(pool, config, late, now),
        **_schedule(tries, config, now),
        scales=_scales(pool, there, listed, now),
        replicas=[one._asdict() for one in ledger.copies.standing()],
        late=dict(late),
        disk=_disk(pool, now),
        on_site=_on_site(there.values(), listed.values(), now, config.max_records),
    )
    return judged(site, now, is_running=tries.collected.running)


def glance(pool: Pool, config: SiteConfig) -> shape.GlanceShape:
    """How a site stands, without a look at each of its scales: a page shows many sites."""
    ledger, now, tries = pool.ledger, pool.clock.now(), forecasts.tries_of(pool, config)
    late = forecasts.late_of(tries, config, now) if config.ready else {}
    counts = ledger.entries.counts()
    site = shape.GlanceShape(
        **_state(pool, config, late, now),
        next_round_at=_schedule(tries, config, now)["next_round_at"],
        rows_on_site=ledger.arrivals.count_on_site(),
        held=sum(
            counts.get(one.name, NONE).held_back + _left_out(_last_snapshot(pool, one))
            for one in ledger.listing.scales()
        ),
    )
    return judged(site, now, is_running=tries.collected.running)


def _state(
    pool: Pool, config: SiteConfig, late: Mapping[str, datetime], now: datetime
) -> dict[str, Any]:
    """What the one state of a site follows from, which is still to be judged; new rows by day."""
    standing_now = pool.ledger.incidents.open_incidents()
    levels = Counter(KINDS[one.kind].level for one in standing_now)
    return {
        "last_round": _run(pool, good=False),
        "last_good": _run(pool, good=True),
        "incidents": [shape_of(incident) for incident in standing_now],
        "incidents_open": {level: levels[level] for level in LASTING},
        "deletes_blocked": evidence.words(one for one in standing_now if KINDS[one.kind].blocks),
        "ready": config.ready,
        "overdue": bool(late),
        "new_rows": _new_rows(pool, now),
        "state": "",
        "level": "",
    }


def _scales(
    pool: Pool, on_site: Mapping[str, OnSite], listed: Mapping[str, datetime], now: datetime
) -> dict[str, shape.ScaleShape]:
    marks = pool.ledger.listing.benchmarks()
    counts = pool.ledger.entries.counts()
    found = {}
    for one in pool.ledger.listing.scales():
        mark, listed_at = marks.get(one.name), past(listed.get(one.name), now)
        benchmark = mark.current if mark else 0
        there, known = on_site.get(one.name), counts.get(one.name, NONE)
        found[one.name] = _scale(pool, one, benchmark, listed_at, there, known, now)
    return found


def _scale(
    pool: Pool,
    scale: Scale,
    benchmark: int,
    listed_at: datetime | None,
    there: OnSite | None,
    counts: ScaleCounts,
    now: datetime,
) -> shape.ScaleShape:
    """A scale that was last carried home whole at `listed_at`."""
    snapshot = _last_snapshot(pool, scale)
    return shape.ScaleShape(
        deleteable=scale.deleteable,
        benchmark=benchmark,
        rows=counts.rowed if snapshot is None else snapshot.rows - (snapshot.sealed or 0),
        held=counts.held_back + _left_out(snapshot),
        owed=there.rowed if there else 0,
        waiting=counts.waiting,
        last_success_at=listed_at,
        on_site=there.rows if there else 0,
        oldest_on_site_at=there.oldest_at if there else None,
        oldest_on_site_s=_age(there.oldest_at if there else None, now),
    )


def _last_snapshot(pool: Pool, scale: Scale) -> Snapshot | None:
    """Of a scale that stays; the others have none."""
    return None if scale.deleteable else pool.ledger.snapshots.last(scale.name)


def _left_out(snapshot: Snapshot | None) -> int:
    """Entries that are not in the sheet of a snapshot."""
    return snapshot.malformed + (snapshot.sealed or 0) if snapshot else 0


def _on_site(
    there: Iterable[OnSite], listed: Iterable[datetime], now: datetime, limit: int | None
) -> shape.OnSiteShape:
    """The exposure clock: since when the oldest entry is safe here and still lies there."""
    found = list(there)
    oldest = min((one.oldest_at for one in found if one.oldest_at), default=None)
    rows, newest = sum(one.rows for one in found), past(max(listed, default=None), now)
    return shape.OnSiteShape(rows, limit, oldest, _age(oldest, now), newest)


def _schedule(tries: forecasts.SiteTries, config: SiteConfig, now: datetime) -> dict[str, Any]:
    """When rounds went well, and when the next are due: the past when one is waited for."""
    good, kept = past(tries.collected.good_at, now), past(tries.kept.good_at, now)
    due = good + timedelta(seconds=config.every_s) if good else now
    return {
        "last_success_at": good,
        "last_success_s": _age(good, now),
        "last_static_at": kept,
        "next_round_at": due if config.ready else None,
        "next_static_at": coming(config.static_at, config.timezone, now) if config.ready else None,
    }


def _disk(pool: Pool, now: datetime) -> shape.DiskShape:
    room, until = pool.disk.room(), pool.day(latest_counted(now))
    grown, _ = pool.ledger.arrivals.grown(pool.day(now, RATE_DAYS), until)
    return shape.DiskShape(room.bytes, room.files, grown)


def _new_rows(pool: Pool, now: datetime) -> dict[str, int]:
    """New entries of deleteable scales on each of the site's last 14 days, today the last."""
    days = [pool.day(now, back) for back in range(OF_DAYS - 1, -1, -1)]
    counts = pool.ledger.arrivals.totals_by_day(days[0])
    return {day: counts.get(day, 0) for day in days}


def _age(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else round((now - moment).total_seconds())


def _run(pool: Pool, *, good: bool) -> shape.EndedShape | None:
    last = pool.ledger.runs.last_run(latest_counted(pool.clock.now()) if good else None)
    ended_at, code = last or (None, None)
    if ended_at is None or code is None:
        return None
    return shape.EndedShape(ended_at, round((pool.clock.now() - ended_at).total_seconds()), code)


def held(pool: Pool) -> list[dict[str, Any]]:
    """Held entries, grouped by scale, id and reason."""
    rows: list[tuple[Any, ...]] = [
        (scale, None if number < 0 else number, *more)
        for scale, number, *more in pool.ledger.entries.held()
    ]
    for scale in pool.ledger.listing.scales():
        last = _last_snapshot(pool, scale)
        if last is not None:
            why = "left out of the sheet of the newest snapshot"
            left_out = ((MALFORMED, last.malformed), (SEALED, last.sealed))
            rows += [(scale.name, None, kind, why, count) for kind, count in left_out if count]
    columns = ("scale", "id", "kind", "reason", "count")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def reasons(run: ScaleRun) -> dict[str, Any]:
    """What the next round would leave on the site and why; ids of what it may delete come apart."""
    ledger, name = run.pool.ledger, run.scale.name
    whole = "; ".join(evidence.words(run.pool.evidence.against(name)))
    if not run.scale.deleteable:
        whole = "the scale must stay on the site"
    kept: dict[str, int] = {}
    for _, state, reason, _ in ledger.listing.on_site(name):
        if state != "safe":
            word = f"{state}: {reason}" if reason else "no row yet"
            kept[word] = kept.get(word, 0) + 1
    return {"blocked": whole, "kept": kept}
