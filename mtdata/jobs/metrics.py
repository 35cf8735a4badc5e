"""The numbers of all duties and of the jobs for Prometheus, without any value of theirs.

Names and labels are those of OPERATING.md.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.ledgers import open_incidents
from mtdata.config import Settings
from mtdata.config.programme import ProgrammeConfig
from mtdata.core.clock import SystemClock
from mtdata.core.errors import ConfigError, MTDataError, RecordsError
from mtdata.jobs.daily import Known
from mtdata.jobs.daily_reports import planned
from mtdata.jobs.duty import Duties, all_ledgers, daily_of

if TYPE_CHECKING:
    from mtdata.core.metrics import MetricsPage

log = logging.getLogger(__name__)
OF_JOBS = ("kind", "account")
TALLY_COUNTS = (
    ("job_rows", "rows", "Rows of parts that were done."),
    ("job_calls", "calls", "Questions to the service of the account."),
    ("job_faults", "faults", "Questions that were refused, or not answered as they have to be."),
    ("job_seconds", "seconds", "Seconds that parts were worked at."),
)
TALLY_MOMENTS = (
    ("job_last_success_timestamp_seconds", "last_success_at", "When a job last came to Success."),
    ("job_last_failure_timestamp_seconds", "last_failure_at", "When a job last Failed."),
)
ENDS = {"Success": "succeeded", "Failed": "failed", "Stopped": "stopped"}


def page_of(duties: Duties, settings: Settings, *, is_open: bool = False) -> MetricsPage:
    """What there is to tell, read now; `is_open`: the records are, and RecordsError when away.

    Else they are opened where there are some, and what is wrong with them is told by a number.
    """
    from mtdata.core.metrics import MetricsPage  # late: few write numbers, and it takes its time

    page = MetricsPage(SystemClock().now())
    for duty in duties:
        duty.metrics(settings, page)
    _fill_incidents(page, duties, settings)
    where = settings.database
    if is_open:
        _fill_of_records(page, duties, settings)
        _fill_up(page, 1)
    elif where.is_shared or os.path.exists(where.name):
        _fill_up(page, _open_and_fill(page, duties, settings))
    else:
        _fill_reports(page, duties, settings, has_records=False)
    return page


def _fill_up(page: MetricsPage, up: int) -> None:
    page.gauge("records_up", "Whether the records of the jobs could be read.", (), [((), up)])


def _open_and_fill(page: MetricsPage, duties: Duties, settings: Settings) -> int:
    from mtdata.jobs.records import setting  # here: the records bring Django along

    try:
        setting.open_existing(settings.database)
        _fill_of_records(page, duties, settings)
        return 1
    except (RecordsError, ConfigError) as error:
        log.warning("the numbers of the jobs are missing: %s", error)
        return 0
    finally:
        setting.close_records()


def _fill_of_records(page: MetricsPage, duties: Duties, settings: Settings) -> None:
    fill_of_jobs(page, settings.programme)
    _fill_tallies(page)
    _fill_reports(page, duties, settings, has_records=True)


def write_metrics(duties: Duties, settings: Settings, path: Path | None = None) -> None:
    """Write it to `path`, else to METRICS, else nowhere.  StorageError when the file cannot be."""
    path = path or settings.daemon.metrics
    if path is not None:
        from mtdata.core.metrics import write

        write(path, page_of(duties, settings).text())


def fill_of_jobs(page: MetricsPage, terms: ProgrammeConfig) -> None:
    """Enter how jobs and runners stand.  The records have to be ready."""
    from mtdata.jobs.records import listing, runner_view

    waiting, status = listing.queue_summary(), ("status",)
    page.gauge("jobs", "Jobs by state.", status, _labelled(runner_view.jobs_by_status()))
    told = "Parts that are queued or under way."
    page.gauge("job_parts", told, status, _labelled(waiting.parts))
    page.gauge(
        "job_oldest_queued_timestamp_seconds",
        "When the job was added that has been queued for longest.",
        (),
        [((), waiting.oldest_at)],
    )
    alive = runner_view.runner_count(terms).alive
    page.gauge("runners_alive", "Runners of which no sign of life is missing.", (), [((), alive)])


def _fill_tallies(page: MetricsPage) -> None:
    from mtdata.jobs.records.tallies import tallies

    found = {(one.kind, one.account): one for one in tallies()}
    ended = [
        ((*labels, word), getattr(one, name))
        for labels, one in found.items()
        for word, name in ENDS.items()
    ]
    page.counter("jobs_ended", "Jobs that ended, by how.", (*OF_JOBS, "status"), ended)
    for name, field, told in TALLY_COUNTS:
        counts = [(labels, getattr(one, field)) for labels, one in found.items()]
        page.counter(name, told, OF_JOBS, counts)
    for name, field, told in TALLY_MOMENTS:
        moments = [(labels, getattr(one, field)) for labels, one in found.items()]
        page.gauge(name, told, OF_JOBS, moments)


def _fill_reports(
    page: MetricsPage, duties: Duties, settings: Settings, *, has_records: bool
) -> None:
    """What is expected daily, and how many days of it have not come."""
    due, missing = [], []
    for one in planned(daily_of(duties), settings):
        day, labels = one.plan.due(SystemClock().now()), (one.report.kind, one.account.name)
        due.append((labels, one.plan.begins(day)))
        known = _report_state(*labels, day) if has_records else Known()
        missing.append((labels, max(0, (day - known.served).days) if known.served else 1))
    told = "When the newest daily report was due."
    page.gauge("report_due_timestamp_seconds", told, OF_JOBS, due)
    page.gauge("reports_not_come", "Days whose report was due, and has not come.", OF_JOBS, missing)


def _report_state(kind: str, account: str, day: date) -> Known:
    from mtdata.jobs.records.daily_records import daily_state

    return daily_state(kind, account, day)


def _fill_incidents(page: MetricsPage, duties: Duties, settings: Settings) -> None:
    """Of every site and of the program, whatever of another's ledger; closed kinds are left out."""
    found = []
    for site, ledger in all_ledgers(duties, settings).items():
        try:
            kinds = Counter(one.kind for one in open_incidents(ledger) or ())
        except (MTDataError, OSError) as error:
            log.debug("%s: %s", site, error)  # `mtdata_up` tells of it
            continue
        found += [((site, kind, KINDS[kind].level), count) for kind, count in kinds.items()]
    labels = ("site", "kind", "level")
    page.gauge("incidents_open_by_kind", "Open incidents by kind.", labels, found)


def _labelled(found: Mapping[str, int]) -> list[tuple[tuple[str], int]]:
    return [((word,), number) for word, number in found.items()]
