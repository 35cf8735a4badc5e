"""What an import of a day's web logs does in its parts; what it is stands in `jobs.py`.

A part is a range of keys, so that a log that comes late falls into exactly one.  What an import
does, it leaves to `operations.day_import`.
"""

from __future__ import annotations

import socket
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from mtdata.config.weblogs import WeblogSite
from mtdata.core.border import Border
from mtdata.core.errors import JobError, NotYet
from mtdata.core.step import Step, Watch
from mtdata.jobs.kind import Work, kept_day
from mtdata.weblogs.jobs import IMPORT, key_of
from mtdata.weblogs.operations.day_import import (
    DayDone,
    Wishes,
    import_day,
    listed_of_day,
    send_logs,
)
from mtdata.weblogs.operations.ledger_place import RECORDS
from mtdata.weblogs.operations.opening import ledger_path
from mtdata.weblogs.sites import site_named, source_of
from mtdata.weblogs.source import LogObject

PART_BYTES, PART_LOGS = 8 << 20, 200
"""Small logs are gathered until a part has so many."""
MOST_PARTS = 1000
AWAY_S = 60.0


class LogRange(NamedTuple):
    """A part: its name, and the key at which it begins ('': before all)."""

    name: str
    first_key: str


class LogPlan(NamedTuple):
    """The parts of a job, and where the ledger is that knows their lines ('': with the records)."""

    ledger: str
    ranges: tuple[LogRange, ...]

    @classmethod
    def of_checkpoint(cls, kept: Any) -> LogPlan:
        """As the plan's part keeps it.  JobError when that is damaged."""
        with Border(JobError, "what is kept of its parts is damaged; queue it anew"):
            return cls(str(kept["ledger"]), tuple(LogRange(*one) for one in kept["ranges"]))


def _ordered(work: Work) -> tuple[WeblogSite, date]:
    return site_named(work.settings, work.parameters["site"]), kept_day(work.parameters, "day")


# --- the plan: which keys are whose


def ranges_of(listed: list[LogObject]) -> list[LogRange]:
    """Parts of about PART_BYTES or PART_LOGS, of logs by key; all keys that there can be are in."""
    total = sum(one.size for one in listed)
    most_bytes = max(PART_BYTES, total // MOST_PARTS)
    most_logs = max(PART_LOGS, len(listed) // MOST_PARTS)
    starts, size = [0] if listed else [], 0
    for number, one in enumerate(listed):
        is_full = size + one.size > most_bytes or number - starts[-1] >= most_logs
        if number > starts[-1] and is_full:
            starts.append(number)
            size = 0
        size += one.size
    return [
        LogRange(f"logs {start + 1:04}-{end:04}", listed[start].key if start else "")
        for start, end in pairwise([*starts, len(listed)])
    ]


def _ledger_place(work: Work) -> str:
    """Whose ledger it is; '' where all runners have it."""
    if not work.settings.database.is_shared or work.settings.weblogs.ledger == RECORDS:
        return ""
    return f"{socket.gethostname()}:{ledger_path(work.settings, work.parameters['site'])}"


def _check_ledger(work: Work, plan: LogPlan) -> None:
    """NotYet where the day was begun with another machine's ledger, which alone knows its lines."""
    if work.settings.weblogs.ledger == RECORDS:
        return  # whatever an earlier job had: a file that was not brought there is refused
    if plan.ledger and plan.ledger != _ledger_place(work):
        raise NotYet(
            f"the lines of this day are in the ledger {ascii(plan.ledger)[:300]}; a runner of that "
            "machine has to carry it",
            AWAY_S,
        )


def _plan(work: Work, job: str = "") -> LogPlan | None:
    """The plan of a job of this day, or of the newest."""
    from mtdata.jobs.records.queries import plan_checkpoint  # with the database

    kept = plan_checkpoint(IMPORT, key_of(work.parameters), job)
    return None if kept is None else LogPlan.of_checkpoint(kept)


def split(work: Work) -> list[str]:
    """The parts of the logs that there are now; the plan is kept."""
    site, of_day = _ordered(work)
    if earlier := _plan(work):
        _check_ledger(work, earlier)
    with source_of(site) as source:
        ranges = ranges_of(listed_of_day(source, site, of_day))
    with work.fenced() as part:
        part.checkpoint = {"ledger": _ledger_place(work), "ranges": ranges}
        part.save(update_fields=["checkpoint"])
    if not ranges:
        work.say("INFO", f"there is no log of {of_day}")
    return [one.name for one in ranges]


def _planned(work: Work) -> tuple[LogRange, ...]:
    """What this job was divided into.

    JobError where nobody knows any more, NotYet where another machine has to carry it.
    """
    plan = _plan(work, work.job)
    if plan is None:
        raise JobError("nobody knows any more into which parts it was divided; queue it anew")
    _check_ledger(work, plan)
    return plan.ranges


# --- parts


def _wishes(work: Work) -> Wishes:
    # a part is one core's work: how many cores jobs have is said by SLOTS and the runners alone
    return Wishes(stop=work.stop_token, watch=_watch(work), fence=work.fenced, workers=0)


def _watch(work: Work) -> Watch:
    def watch(step: Step) -> None:
        work.progress(step.rows, step=str(step))

    return watch


def send(work: Work) -> None:
    """Send the logs of one part.  JobError for one that the plan does not have."""
    ranges = _planned(work)
    at = next((n for n, one in enumerate(ranges) if one.name == work.part), None)
    if at is None:
        raise JobError(f"{work.part} is no part of it")
    first = ranges[at].first_key
    after = ranges[at + 1].first_key if at + 1 < len(ranges) else None

    def is_in_range(key: str) -> bool:
        return first <= key and (after is None or key < after)

    site, of_day = _ordered(work)
    send_logs(work.settings, site, of_day, is_in_range, _wishes(work))


def close(work: Work) -> None:
    """What came late or broke off is taken, then what follows on the day's import.

    Once it is all tried again, so a job that is retried ends well when what was wrong is mended.
    """
    _planned(work)
    site, of_day = _ordered(work)
    done = import_day(work.settings, site, of_day, _wishes(work))
    _judge(work, done)


def _judge(work: Work, done: DayDone) -> None:
    total = done.summary.total
    work.say(
        "INFO",
        f"{done.summary.lines:,} lines, {total('hits'):,} hits, {total('tracked'):,} stored; "
        f"archive: {done.after.archive}, push: {done.after.push}",
    )
    for fault in done.after.faults:
        if fault.again:
            raise fault
    if not done.is_well:
        raise JobError(done.reason)
