"""What became of jobs, counted by kind and account for monitoring; nothing is decided by it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F

from mtdata.core.errors import RecordsError
from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.models import Job, Part, Tally
from mtdata.jobs.records.statements import changed, quoted
from mtdata.jobs.states import Stage, Status

MOST = 500  # kinds and accounts that are told of, those that succeeded last


def tallies() -> list[Tally]:
    """The tally of each kind and account."""
    with asking():
        newest = Tally.objects.order_by(F("last_success_at").desc(nulls_last=True), "pk")[:MOST]
        return sorted(newest, key=lambda one: (one.kind, one.account))


def count_part(
    job: Job, part: Part | None, at: datetime, rows: int = 0, *, ended: Status | None = None
) -> None:
    """Count the time of a part that was left at that moment, and the rows of one that is done.

    Within the commit that leaves it; the job is locked, and this is the last lock that is taken.
    `ended` is the state in which the job has ended by that.
    """
    counts = {} if ended is None else _end_counts(ended, at)
    if part is not None and part.started_at is not None:
        counts["seconds"] = max(0.0, (at - part.started_at).total_seconds())
        counts["rows"] = rows if part.stage == Stage.WORK else 0
    if counts:
        _add(job.kind, job.account, **counts)


def _end_counts(status: Status, at: datetime) -> dict[str, Any]:
    ended = {Status.SUCCESS: "succeeded", Status.FAILED: "failed", Status.STOPPED: "stopped"}
    when = {Status.SUCCESS: "last_success_at", Status.FAILED: "last_failure_at"}
    return {ended[status]: 1} | ({when[status]: at} if status in when else {})


def count_end(job: Job, status: Status, at: datetime) -> None:
    """Count the end of a job that no part of it has brought about, once that is committed.

    Several jobs may end in one commit, and who ends one holds its lock and then wants this one.
    """
    add = partial(_add, job.kind, job.account, **_end_counts(status, at))
    transaction.on_commit(partial(_surely, add))


def count_calls(job_id: Any, calls: int, faults: int) -> None:
    """Count what a part asked of a service, and how often that was a fault."""

    def add() -> None:
        job = Job.objects.only("kind", "account").filter(pk=job_id).first()
        if job is not None:
            _add(job.kind, job.account, calls=calls, faults=faults)

    _surely(add)


def _surely(add: Any) -> None:
    """A count that gets lost fails nobody's work."""
    with suppress(RecordsError), asking():
        add()


def _add(kind: str, account: str, **more: Any) -> None:
    columns = ", ".join(
        f"{quoted(name)} = {'' if isinstance(value, datetime) else quoted(name) + ' + '}%({name})s"
        for name, value in more.items()
    )
    words = (
        f"UPDATE {Tally._meta.db_table} SET {columns} "  # noqa: S608 - our own words
        "WHERE kind = %(kind)s AND account = %(account)s"
    )
    if not changed(words, kind=kind, account=account, **more):
        Tally.objects.get_or_create(kind=kind, account=account)
        changed(words, kind=kind, account=account, **more)
