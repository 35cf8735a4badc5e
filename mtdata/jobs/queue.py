"""The queue of jobs: people's orders come in here, from the command line, the pages, the API.

Each is a move in the records, which the caller has opened, and then a ring; it carries nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from django.db import transaction

from mtdata.config import Settings
from mtdata.core.errors import JobError, RecordsError
from mtdata.jobs.celery import ring
from mtdata.jobs.kind import Kind, Kinds, Parameters, kind_of
from mtdata.jobs.parameters import Reading, validate
from mtdata.jobs.records import orders, queries, runners, share
from mtdata.jobs.records.faults import RecordsBusy
from mtdata.jobs.records.models import Job
from mtdata.jobs.records.transitions import is_final

_ALONE, PATIENCE_S = threading.RLock(), 10.0
LEAVE = "let some of them end, or stop some; nothing was queued"


@contextmanager
def alone() -> Iterator[None]:
    """Orders of one process come one by one, so that many at once are counted as many.

    Whoever gives one within a larger commit takes it before that begins, and until that is made.
    RecordsBusy where those before it wait for the records: each would wait behind all of them.
    """
    if not _ALONE.acquire(timeout=PATIENCE_S):
        raise RecordsBusy("other orders wait for the records; nothing was changed, try again")
    try:
        yield
    finally:
        _ALONE.release()


def add(
    settings: Settings, kinds: Kinds, kind_name: str, given: Mapping[str, str], owner: str = ""
) -> Job:
    """Queue a job.  UsageError for a kind or name that is not known, JobError for a bad value."""
    reading = validate(kind_of(kind_name, kinds), settings, given)
    return add_all(settings, kinds, kind_name, [reading], owner)[0]


def add_all(
    settings: Settings, kinds: Kinds, kind_name: str, readings: Sequence[Reading], owner: str = ""
) -> list[Job]:
    """Queue a job for each of these, read by `validate` for that kind, or none of them.

    The errors are those of `add`; JobError also where the owner would have more in the queue than
    QUEUE_JOBS and QUEUE_HOURS.
    """
    kind = kind_of(kind_name, kinds)
    read = [reading.sound() for reading in readings]
    with alone():
        _check_quota(settings, kinds, owner, [(kind.name, one) for one in read])
        jobs = orders.add_all([order_of(kind, parameters, owner) for parameters in read])
    _ring_behind(settings, jobs)
    return jobs


def add_once(
    settings: Settings,
    kinds: Kinds,
    kind_name: str,
    given: Mapping[str, str],
    *,
    name: str,
    owner: str,
) -> Job | None:
    """Queue a job of that very name, or None where there is one; the errors are those of `add`."""
    kind = kind_of(kind_name, kinds)
    order = order_of(kind, validate(kind, settings, given).sound(), owner)
    job = orders.add_once(order._replace(base=name))
    return job and _rung(settings, job)


def stop(settings: Settings, job_id: Any, reason: str = "stopped by hand") -> tuple[Job, str]:
    """End a job and take back what it did; the job, and a note when nothing changed."""
    job, told = orders.stop(job_id, reason)
    return (job if told else _rung(settings, job)), told


def stop_all(settings: Settings, jobs: Sequence[Any], reason: str) -> list[Job]:
    """Stop each of these that has not ended yet; those that were stopped."""
    stopped = []
    for job_id in jobs:
        job, told = orders.stop(job_id, reason)
        if not told:
            stopped.append(job)
    _ring_behind(settings, [job for job in stopped if not is_final(job)])
    return stopped


def retry(settings: Settings, job_id: Any, kinds: Kinds) -> Job:
    """Queue a job again; finished parts stay so.

    JobError where that is not allowed, or its owner would have more than `add_all` gives them.
    """
    with alone():
        job = queries.job_by_id(job_id)
        if job is not None and is_final(job):
            _check_quota(settings, kinds, job.owner, [(job.kind, job.parameters)])
        again = orders.retry(job_id)
    return _rung(settings, again)


def undo(settings: Settings, job_id: Any) -> Job:
    """Take back what an ended job did.  JobError when that cannot be."""
    return _rung(settings, orders.undo(job_id))


def _rung(settings: Settings, job: Job) -> Job:
    _ring_behind(settings, [job])
    return job


def _ring_behind(settings: Settings, jobs: Sequence[Job]) -> None:
    """Ring once it is committed: who is woken before finds nothing, and sleeps on."""
    ids = [job.pk for job in jobs]
    transaction.on_commit(partial(_ring_each, settings, ids))


def _ring_each(settings: Settings, jobs: Sequence[Any]) -> None:
    """Ring no more often than there are slots: who was woken looks again before it sleeps."""
    how = settings.programme
    if len(jobs) > 1 and how.engine != "embedded":
        with suppress(RecordsError):  # then once for each job
            jobs = jobs[: max(1, runners.count_slots(how.sweep_s))]
    ring.ring_each(settings, jobs)


def _check_quota(
    settings: Settings, kinds: Kinds, owner: str, asked: Sequence[tuple[str, Parameters]]
) -> None:
    """JobError where the owner would have more jobs, or more hours of reports, than config says."""
    how = settings.programme
    there = share.unfinished(owner, how.queue_jobs + 1)
    if len(there) + len(asked) > how.queue_jobs:
        raise JobError(
            f"{len(asked)} more would be {len(there) + len(asked)} jobs of one owner that have not "
            f"ended, and {how.queue_jobs} are the most (QUEUE_JOBS); {LEAVE}"
        )
    more = _hours(kinds, asked)
    hours = _hours(kinds, there) + more
    if more and hours > how.queue_hours:
        raise JobError(
            f"that would be {hours:,.0f} hours of reports in jobs of one owner that have not "
            f"ended, and {how.queue_hours:,} are the most (QUEUE_HOURS); ask for "
            f"fewer days, or {LEAVE}"
        )


def _hours(kinds: Kinds, jobs: Sequence[tuple[str, Parameters]]) -> float:
    return sum(kinds[name].hours(parameters) for name, parameters in jobs if name in kinds)


def order_of(kind: Kind, parameters: Parameters, owner: str = "") -> orders.Order:
    """The job as the records take it."""
    return orders.Order(
        kind=kind.name,
        parameters=parameters,
        base=kind.base(parameters),
        key=kind.key(parameters),
        max_runners=kind.max_runners,
        can_undo=kind.undo is not None,
        owner=owner,
        account=str(parameters.get(kind.account, "")),
    )
