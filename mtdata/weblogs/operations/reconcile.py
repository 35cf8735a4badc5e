"""What the ledger says of a day beside what Matomo's reports say; and what that proves of doubts.

A day is one of the site's zone in Matomo, and over: today's report is cached.  Batches in doubt are
told stored, or not stored, where the reports leave no other way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import date, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from mtdata.config.weblogs import WeblogSite
from mtdata.core.clock import SystemClock
from mtdata.core.errors import UsageError
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.counts import (
    DayCount,
    day_besides,
    day_count,
    days_of_batch,
    days_of_logs,
)
from mtdata.weblogs.ledger.port import LineDatabase
from mtdata.weblogs.ledger.schema import BatchState
from mtdata.weblogs.local_days import LocalDays
from mtdata.weblogs.matomo.api import DayFigures, MatomoApi
from mtdata.weblogs.operations import opening
from mtdata.weblogs.visits import VisitRange, visits_of

AFTER_S = 1800
"""A visit lasts half an hour longer than its last hit, and its day with it."""


class Compared(NamedTuple):
    """A day in the ledger and in the reports."""

    day: date
    hits: DayCount
    downloads: DayCount | None
    """None where an older program did not say it."""
    visits: VisitRange
    figures: DayFigures

    @property
    def missing(self) -> int:
        """Hits that the ledger has as stored and the reports do not count; below 0: too many."""
        return self.hits.stored - self.figures.actions

    @property
    def is_well(self) -> bool:
        """Whether the reports count what is stored, and beyond that at most what is in doubt."""
        return not self.differences

    @property
    def differences(self) -> list[str]:
        """What the reports count otherwise, in words."""
        reported, found = self.figures, list[str]()
        if not -self.hits.doubtful <= self.missing <= 0:
            found.append(f"{self.hits.stored:,} hits stored, {reported.actions:,} reported")
        if (known := self.downloads) and not (
            known.stored - known.invalid <= reported.downloads <= known.stored + known.doubtful
        ):
            found.append(f"{known.stored:,} downloads stored, {reported.downloads:,} reported")
        if not self.visits.allows(reported.visits):
            found.append(f"{self.visits.words} visits by the hits, {reported.visits:,} reported")
        return found

    def rows(self) -> list[tuple[object, ...]]:
        """For a table: day, what is counted, by the ledger, in doubt, reported."""
        hits, reported = self.hits, self.figures
        downloads = self.downloads[:2] if self.downloads else ("unknown", "")
        return [
            (self.day, "hits", hits.stored, hits.doubtful, reported.actions),
            (self.day, "downloads", *downloads, reported.downloads),
            (self.day, "visits", self.visits.words, "", reported.visits),
        ]

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "day": str(self.day),
            "stored": self.hits.stored,
            "in_doubt": self.hits.doubtful,
            "reported": self.figures.actions,
            "visits": self.figures.visits,
            "visits_by_hits": self.visits.as_json(),
            "downloads": self.figures.downloads,
            "downloads_stored": self.downloads.stored if self.downloads else None,
            "well": self.is_well,
            "differences": self.differences,
        }


def compare(site: WeblogSite, ledger: WeblogLedger, days: Iterable[date]) -> list[Compared]:
    """Ask the reports for these days, of which those that are not over yet are left out.

    TrackingError when Matomo does not say.
    """
    found = []
    with closing(MatomoApi(opening.target_of(site))) as api:
        zone = api.site(site.idsite).zone
        now = SystemClock().now() - timedelta(seconds=AFTER_S)
        for day in sorted(set(days)):
            if day >= now.astimezone(zone).date():
                continue
            figures = api.figures(site.idsite, day)
            found.append(_compared(ledger.database, day, zone, figures))
    return found


def _compared(database: LineDatabase, day: date, zone: ZoneInfo, figures: DayFigures) -> Compared:
    hits, (stored, doubtful) = day_count(database, day), day_besides(database, day)
    downloads = DayCount(stored.downloads, doubtful.downloads, hits.invalid)
    is_told = not (stored.untold or doubtful.untold)
    known = downloads if is_told else None
    return Compared(day, hits, known, visits_of(database, day, LocalDays(zone)), figures)


def compare_day(site: WeblogSite, ledger: WeblogLedger, day: date) -> list[Compared]:
    """Compare every day of the zone on which hits of that day's logs count, and note it.

    TrackingError when Matomo does not say.
    """
    compared = compare(site, ledger, days_of_logs(ledger.database, day))
    if compared:
        found = {str(one.day): one.as_json() for one in compared}
        with ledger.commit():
            ledger.days.compared(day, found, SystemClock().now())
    return compared


def resolve_by_reports(site: WeblogSite, ledger: WeblogLedger) -> Mapping[str, list[int]]:
    """End the doubts that the reports end: numbers of batches by `stored`, `resend` and `open`.

    TrackingError when Matomo does not say.  UsageError where nothing is in doubt.
    """
    doubts = ledger.batches.in_state(BatchState.QUARANTINED)
    if not doubts:
        raise UsageError(f"{site.domain}: no batch is in doubt")
    of_batch = {batch.number: days_of_batch(ledger.database, batch.number) for batch in doubts}
    days = {date.fromisoformat(day) for counts in of_batch.values() for day in counts}
    verdict = _verdict({one.day: one for one in compare(site, ledger, days)}, days)
    found: dict[str, list[int]] = {"stored": [], "resend": [], "open": []}
    with ledger.commit():
        for batch in doubts:
            found[verdict].append(batch.number)
            if verdict == "stored":
                at = SystemClock().now()
                ledger.batches.resolve(
                    batch.number, BatchState.STORED, "stored (by the reports)", at
                )
            elif verdict == "resend":
                ledger.batches.give_back(batch.number)
    return found


def _verdict(compared: Mapping[date, Compared], days: Iterable[date]) -> str:
    """What all doubts of these days come to, where every day says the same."""
    extra: Counter[str] = Counter()
    for day in days:
        one = compared.get(day)
        if one is None:  # it is not over yet
            return "open"
        if one.missing == 0:
            extra["resend"] += 1
        elif -one.missing == one.hits.doubtful:
            extra["stored"] += 1
        else:
            return "open"
    return next(iter(extra)) if len(extra) == 1 else "open"
