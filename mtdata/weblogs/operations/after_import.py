"""What follows on the import of a day: Matomo's archiving, then the logs into the push bucket."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from mtdata.config import Settings
from mtdata.config.weblogs import WeblogSite
from mtdata.core.clock import SystemClock
from mtdata.core.errors import Fenced, MTDataError, Stopped
from mtdata.core.stop import StopToken
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.schema import LogState
from mtdata.weblogs.ledger.summary import DaySummary
from mtdata.weblogs.matomo.api import MatomoApi
from mtdata.weblogs.matomo.archiving import by_console, by_http
from mtdata.weblogs.operations import opening
from mtdata.weblogs.operations.reconcile import Compared, compare_day
from mtdata.weblogs.push import ImportedLog
from mtdata.weblogs.release import release
from mtdata.weblogs.sites import archive_of, limits_of
from mtdata.weblogs.source import LogObject, LogSource

T = TypeVar("T")
log = logging.getLogger(__name__)
NONE = "none"


@dataclass(frozen=True, slots=True)
class AfterImport:
    """What followed on an import; `faults` of a step that could not be done, the others were."""

    archive: str = NONE
    push: str = NONE
    compared: tuple[Compared, ...] = ()
    faults: tuple[MTDataError, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether each step was done, and the reports count what was sent."""
        return not self.faults and all(one.is_well for one in self.compared)


def after_import(
    settings: Settings,
    site: WeblogSite,
    source: LogSource,
    ledger: WeblogLedger,
    listed: list[LogObject],
    summary: DaySummary,
    stop: StopToken,
) -> AfterImport:
    """Archive, compare and push a day; the fault of one step ends none of the others.

    Stopped when asked to end, Fenced when the work is another's by now.
    """
    day, faults = summary.day, list[MTDataError]()

    def step(act: Callable[[], T], instead: T) -> T:
        try:
            return act()
        except (Stopped, Fenced):
            raise
        except MTDataError as error:
            log.warning("%s %s: %s", site.domain, day, error)
            faults.append(error)
            return instead

    archive = step(lambda: archive_reports(site, ledger, day, stop), "failed")
    compared: list[Compared] = []
    if archive not in (NONE, "failed"):
        compared = step(lambda: compare_day(site, ledger, day), [])
    push = step(
        lambda: push_logs(settings, site, source, ledger, day, listed, summary, stop), "failed"
    )
    return AfterImport(archive, push, tuple(compared), tuple(faults))


def archive_reports(site: WeblogSite, ledger: WeblogLedger, day: date, stop: StopToken) -> str:
    """Have Matomo make its reports anew, once for what was stored since; what it did in a word.

    TrackingError where it did not do it, however its exit status looks.
    """
    sent = ledger.days.last_sent(day)
    known = ledger.days.state(day)
    if site.archive == NONE or sent is None:
        return NONE
    if known.archived_at is not None and known.archived_at > sent:
        return known.archive
    if site.console is not None:
        word = by_console(site.console, site.piwik_ip, check=stop.check)
    else:
        with closing(MatomoApi(opening.target_of(site))) as api:
            word = by_http(api)
    with ledger.commit():
        ledger.days.archived(day, word, SystemClock().now())
    return word


def push_logs(
    settings: Settings,
    site: WeblogSite,
    source: LogSource,
    ledger: WeblogLedger,
    day: date,
    listed: list[LogObject],
    summary: DaySummary,
    stop: StopToken,
) -> str:
    """Put the imported logs of the day into the push bucket; the name of the archive.

    Only of logs that were read to their end.  OutputError and LogSourceError as they are.
    """
    if site.push_place is None:
        return NONE
    imported = _imported(listed, summary)
    if not imported:
        return NONE
    with archive_of(site, day, settings, stop.check) as archive:
        pushed = archive.push(source, imported, limits_of(site))
        word = f"{site.push_place}/{pushed.archives[-1]}" if pushed else NONE
        with ledger.commit():
            ledger.days.pushed(day, word)
        release(source, archive, imported, site.after_push)
    return word


def _imported(listed: list[LogObject], summary: DaySummary) -> list[ImportedLog]:
    known = {one.log.identity.key: one for one in summary.logs}
    found = []
    for one in listed:
        log = known.get(one.key)
        if log is not None and log.log.state is LogState.DONE and log.log.identity.etag == one.etag:
            mark = log.log.mark
            found.append(ImportedLog(one, mark.lines, log.hits, mark.end, mark.digest))
    return found
