"""What is wrong with an import, as incidents of the site: opened when seen, closed when over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from mtdata.alerts.incident_kinds import KINDS
from mtdata.core.clock import SystemClock
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.schema import LogState
from mtdata.weblogs.ledger.summary import DaySummary, day_summary
from mtdata.weblogs.matomo.errors import TrackingError, TrackingRefused
from mtdata.weblogs.operations.reconcile import Compared
from mtdata.weblogs.source_errors import LogSourceError

REFUSED, UNREACHABLE = "tracker_refused", "tracker_unreachable"
DOUBT, UNREADABLE, DIFFER = "lines_in_doubt", "log_unreadable", "reports_differ"
OF_DAY = (DOUBT, UNREADABLE, DIFFER)
MOST_NAMED, MOST_DAYS = 5, 50


class SiteTroubles:
    """The incidents of a site that an import of a day opens and closes."""

    def __init__(self, ledger: WeblogLedger, day: date) -> None:
        self._ledger, self._incidents, self._day = ledger, ledger.incidents, day
        self._now = SystemClock().now

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Open an incident for what ends an import, which goes on as the error that it is."""
        try:
            yield
        except TrackingRefused as error:
            self._open(REFUSED, "", str(error))
            raise
        except (TrackingError, LogSourceError) as error:
            self._open(UNREACHABLE, "", str(error))
            raise

    def reached(self) -> None:
        """Bucket and Matomo answered, and took what was sent."""
        self._close(REFUSED, "")
        self._close(UNREACHABLE, "")

    def judge(self, summary: DaySummary, compared: Sequence[Compared]) -> None:
        """Open or close what the ledger says of the day; close what is mended of others."""
        self._set(UNREADABLE, _unread(summary))
        self._set(DOUBT, _doubtful(summary))
        if compared:
            odd = [
                f"{one.day}: {', '.join(one.differences)}" for one in compared if not one.is_well
            ]
            self._set(DIFFER, "; ".join(odd))
        self._look_back()

    def _look_back(self) -> None:
        """Close what people, or imports on other machines, have mended of other days."""
        lasting = {one.scale for one in self._incidents.open_incidents() if one.kind in OF_DAY}
        if not lasting - {str(self._day)}:
            return
        days = (day for day in self._ledger.logs.days() if str(day) in lasting and day != self._day)
        for day in sorted(days, reverse=True)[:MOST_DAYS]:
            SiteTroubles(self._ledger, day)._close_mended()

    def _close_mended(self) -> None:
        summary = day_summary(self._ledger.database, self._ledger.logs, self._day)
        found = self._ledger.days.state(self._day).found
        over = {
            UNREADABLE: not _unread(summary),
            DOUBT: not _doubtful(summary),
            DIFFER: bool(found) and all(one["well"] for one in found.values()),
        }
        for kind in OF_DAY:
            if over[kind]:
                self._close(kind, str(self._day))

    def _set(self, kind: str, detail: str) -> None:
        if detail:
            self._open(kind, str(self._day), f"{self._day}: {detail}")
        else:
            self._close(kind, str(self._day))

    def _open(self, kind: str, scale: str, detail: str) -> None:
        self._incidents.raise_incident(kind, scale, detail, self._now())

    def _close(self, kind: str, scale: str) -> None:
        if KINDS[kind].stays:
            self._incidents.close_as_mended(kind, scale, self._now())
        else:
            self._incidents.close_incidents(scale, [kind], self._now())


def _unread(summary: DaySummary) -> str:
    """The first logs that were not read to their end, and why; '' for none."""
    broken = [
        f"{one.log.identity.key}: {one.log.reason or one.log.state.value}"
        for one in summary.logs
        if one.log.state is not LogState.DONE
    ]
    return "; ".join(broken[:MOST_NAMED])


def _doubtful(summary: DaySummary) -> str:
    """How many hits need somebody's word; '' for none."""
    doubtful = summary.total("quarantined") + summary.total("invalid")
    return f"{doubtful:,} of {summary.total('hits'):,} hits" if doubtful else ""
