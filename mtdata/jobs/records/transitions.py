"""The moves that a job makes from state to state; each begins with the job's row locked.

Every other writer locks the job first as well, so no two of them ever see half of a move.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from mtdata.core.control import on_lines
from mtdata.core.errors import JobError
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Artifact, Event, Job, JobEnd, Part
from mtdata.jobs.records.standing import ALL, standing_of, undo_scope_of
from mtdata.jobs.records.statements import changed, columns_of, quoted, stored_form
from mtdata.jobs.states import (
    FINAL,
    LEAVING,
    Stage,
    Status,
    failed_told,
    may_follow,
    next_step,
)

TEXT, STEP = 1000, 255
_JOBS, _PARTS = Job._meta.db_table, Part._meta.db_table
_ENTER = f"INSERT INTO {Event._meta.db_table} (job_id, at, level, text) "
_ENTER_END = f"INSERT INTO {JobEnd._meta.db_table} (job_id, status, at) "
_STOP_PARTS = f"UPDATE {_PARTS} SET status = %(stopped)s "  # noqa: S608


def locked(job_id: Any) -> Job:
    """The job, for us alone until the transaction ends.  JobError when there is none."""
    job = _locked(job_id, " FOR UPDATE")
    if job is None:
        raise JobError("there is no such job")
    return job


def _locked(job_id: Any, how: str) -> Job | None:
    lock = how if connection.features.has_select_for_update else ""  # SQLite locks the whole file
    words = f"SELECT {columns_of(Job)} FROM {_JOBS} WHERE id = %s{lock}"  # noqa: S608 - our own
    return next(iter(Job.objects.raw(words, [stored_form(UUID(str(job_id)))])), None)


class JobHeld(Exception):
    """Somebody else has the job locked, or it is there no more."""


def locked_at_once(job_id: Any) -> Job:
    """The job as `locked` gives it, without waiting for it.  JobHeld where that cannot be.

    Databases that cannot pass over a lock (MariaDB before 10.6) wait all the same.
    """
    skips = connection.features.has_select_for_update_skip_locked
    job = _locked(job_id, " FOR UPDATE SKIP LOCKED" if skips else " FOR UPDATE")
    if job is None:
        raise JobHeld
    return job


def kept_text(words: str, most: int = TEXT) -> str:
    """Words of a part as every database takes them: no NUL, nothing that is no letter, and no more.

    What a database refuses would leave its part under way, and end the slot that enters it.
    """
    return on_lines(words)[:most]


def add_event(job_id: Any, at: datetime, level: str, text: str) -> None:
    """Enter one line of what happened to a job."""
    words = f"{_ENTER} VALUES (%(job)s, %(at)s, %(level)s, %(text)s)"
    changed(words, job=UUID(str(job_id)), at=at, level=level, text=kept_text(text))


def advance(job: Job, at: datetime) -> Status | None:
    """Take a job one step further, as the states of its parts ask for; the state it ends in."""
    standing = standing_of(job)
    if standing.queued and not standing.running and standing.waits:
        standing = standing._replace(waits=_waits(job))
    step = next_step(standing)
    if step.ends is not None:
        end(job, step.ends, at)
    elif step.rests:
        _rest(job)
    elif step.undo:
        scope = undo_scope_of(job)
        last = job.parts.order_by("-number").values_list("number", flat=True).first() or 0
        Part.objects.create(job=job, number=last + 1, stage=Stage.UNDO, name=scope)
        add_event(job.pk, at, "INFO", f"taking back what it did ({scope})")
    return step.ends


def _rest(job: Job) -> None:
    """Back into the queue, without its key: whoever else wants it may have it meanwhile."""
    first = next_parts(job).order_by("not_before", "number").first()
    if first is None:
        raise AssertionError("a job rests without a part that waits")
    set_status(job, Status.QUEUED, held_key=None, not_before=first.not_before, reason=first.reason)
    add_event(job.pk, now(), "INFO", f"{first.name} {first.reason}")


def next_parts(job: Job) -> Any:
    """The parts of which one is begun next; what closes comes after all others."""
    queued = job.parts.filter(status=Status.QUEUED).exclude(stage=Stage.UNDO)
    before = queued.exclude(stage=Stage.CLOSE)
    return before if before.exists() else queued


def _waits(job: Job) -> bool:
    """Whether all of these wait for a time that has not come; what had a fault does not count."""
    soon = Q(waiting_since=None) | Q(not_before=None) | Q(not_before__lte=now())
    return not next_parts(job).filter(soon).exists()


def touched_parts(job: Job, undo_scope: str) -> Any:
    """The parts that began, leave something and were not taken back, as far as that reaches."""
    parts = job.parts.filter(stage__in=LEAVING, begun=True)
    return parts if undo_scope == ALL else parts.exclude(status=Status.SUCCESS)


def set_status(job: Job, status: Status, **more: Any) -> None:
    """Give the job its next state; one that may not follow is a fault of the program.

    It waits no more, unless `not_before` is given.
    """
    more = {"not_before": None, **more}
    if not may_follow(Status(job.status), status):
        raise AssertionError(f"{job.status} -> {status}")
    job.status = status.value
    for name, value in more.items():
        setattr(job, name, value)
    kept = {"status": status, **more}
    columns = ", ".join(f"{quoted(name)} = %({name})s" for name in kept)
    changed(f"UPDATE {_JOBS} SET {columns} WHERE id = %(id)s", id=job.pk, **kept)  # noqa: S608


def end(job: Job, status: Status, at: datetime, reason: str = "") -> None:
    """Bring the job into a final state, with the reason, and give its key back.

    Whoever ends it counts it (`tallies`).
    """
    if status is Status.FAILED and not reason:
        stopping = job.reason if job.status == Status.STOPPING else ""
        order = "-number" if stopping else "number"  # what takes back comes last
        bad = job.parts.filter(status=Status.FAILED).order_by(order).first()
        why = f"{bad.name}: {bad.reason}" if bad else ""
        reason = failed_told(why, stopping=stopping, most=TEXT)
    reason = reason or job.reason
    words = f"{_STOP_PARTS} WHERE job_id = %(job)s AND status = %(queued)s"
    changed(words, job=job.pk, stopped=Status.STOPPED, queued=Status.QUEUED)
    set_status(job, status, ended_at=at, held_key=None, reason=kept_text(reason))
    if status is not Status.STOPPED:  # who stopped it knows
        words = f"{_ENTER_END} VALUES (%(job)s, %(status)s, %(at)s)"
        changed(words, job=job.pk, status=status, at=at)
    add_event(
        job.pk, at, "ERROR" if status is Status.FAILED else "INFO", f"{status}. {reason}".strip()
    )


def forget_undone(job: Job, undo_scope: str) -> None:
    """Enter that nothing of the touched parts is left."""
    parts = touched_parts(job, undo_scope)
    Artifact.objects.filter(part__in=list(parts.values_list("pk", flat=True))).delete()
    if undo_scope == ALL:
        parts.filter(status=Status.SUCCESS).update(status=Status.STOPPED)
        parts = job.parts.filter(stage__in=LEAVING)
    parts.update(begun=False, rows=0, checkpoint=None)


def is_final(job: Job) -> bool:
    """Whether a job has ended."""
    return Status(job.status) in FINAL
