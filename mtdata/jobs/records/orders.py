"""What people order: add, stop, retry, undo; the records change and nothing is carried here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F

from mtdata.core.control import in_utf8
from mtdata.core.errors import JobError, RecordsError, UsageError
from mtdata.jobs.records.asking import asking, made_whole, now, whole
from mtdata.jobs.records.models import Event, FormerJob, Job, Part
from mtdata.jobs.records.tallies import count_end
from mtdata.jobs.records.transitions import (
    add_event,
    advance,
    is_final,
    kept_text,
    locked,
    set_status,
    touched_parts,
)
from mtdata.jobs.states import Stage, Status, numbered, retry_refused, undo_refused

TRIES, FEW, MOST = 20, 20, 500


class Order(NamedTuple):
    """A job as it is asked for; `base` is its name where nobody else has it."""

    kind: str
    parameters: dict[str, Any]
    base: str
    key: str = ""
    max_runners: int = 1
    can_undo: bool = False
    owner: str = ""
    account: str = ""


def add(order: Order) -> Job:
    """Enter a job: from here on it ends in exactly one of its final states."""
    return add_all([order])[0]


def add_all(orders: Sequence[Order]) -> list[Job]:
    """Enter several jobs in one commit: all of them, or none.

    RecordsError where they cannot be entered.
    """
    for _ in range(TRIES):
        try:
            return whole(
                lambda: _add(orders, _free_names(orders)), patient=False, stands=_are_entered
            )
        except IntegrityError:
            continue  # somebody took that name this very moment
    raise RecordsError("too many jobs are added at once; try again")


def add_once(order: Order) -> Job | None:
    """Enter a job under its very name, unless one of that name is there (None).

    However many try it at once, on however many machines, one of them enters it.
    """

    def move() -> Job | None:
        return None if _name_exists(order.base) else _add([order], [order.base])[0]

    try:
        return whole(
            move, patient=False, stands=lambda job: job is not None and _are_entered([job])
        )
    except IntegrityError:
        return None  # somebody else did this very moment


def _are_entered(jobs: Sequence[Job]) -> bool:
    """Whether these very jobs are there: one that is, is there with the others."""
    return any(Job.objects.filter(pk=job.pk).exists() for job in jobs[:1])


def _free_names(orders: Sequence[Order]) -> list[str]:
    """A name for each of these, which nobody has, nor another of them."""
    free = {order.base: _free(order.base) for order in orders}
    names: dict[str, None] = {}
    for order in orders:
        names[next(name for name in free[order.base] if name not in names)] = None
    return list(names)


def _free(base: str) -> Iterator[str]:
    """The name, and what is free of the next FEW; behind them others that are free.

    The first of those is looked for by halves: some names are given a hundred thousand times.
    """
    yield from _free_of(base, 1)
    number = _number_behind(base)
    yield numbered(base, number)
    number += 1
    while True:
        yield from _free_of(base, number)
        number += FEW


def _free_of(base: str, first: int) -> list[str]:
    """What nobody has of FEW names, from that number on."""
    few = [numbered(base, number) for number in range(first, first + FEW)]
    taken = set(Job.objects.filter(name__in=few).values_list("name", flat=True))
    return [name for name in few if name not in taken]


def _number_behind(base: str) -> int:
    """A number behind FEW whose name is free, and that of the number before it is not."""
    taken, free = FEW, 2 * FEW
    while _name_exists(numbered(base, free)):
        taken, free = free, 2 * free
    while free - taken > 1:
        middle = (taken + free) // 2
        taken, free = (middle, free) if _name_exists(numbered(base, middle)) else (taken, middle)
    return free


def _name_exists(name: str) -> bool:
    return Job.objects.filter(name=name).exists()


def _add(orders: Sequence[Order], names: Sequence[str]) -> list[Job]:
    at = now()
    jobs = [
        Job(
            name=name,
            kind=order.kind,
            parameters=order.parameters,
            key=order.key,
            max_runners=order.max_runners,
            can_undo=order.can_undo,
            owner=order.owner,
            account=order.account,
            created_at=at + timedelta(microseconds=number),  # they are carried in that order
        )
        for number, (order, name) in enumerate(zip(orders, names, strict=True))
    ]
    plans = [Part(job=job, number=0, stage=Stage.PLAN, name="plan") for job in jobs]
    events = [Event(job=job, at=job.created_at, level="INFO", text="added") for job in jobs]
    Job.objects.bulk_create(jobs, MOST)  # so many in one statement
    Part.objects.bulk_create(plans, MOST)
    Event.objects.bulk_create(events, MOST)
    return jobs


def job_named(word: str) -> Job:
    """The job of that id, or of that name.  UsageError when there is none."""
    with asking():
        try:
            job = Job.objects.filter(pk=UUID(word)).first()
            left = None if job else FormerJob.objects.filter(pk=UUID(word)).first()
        except ValueError:
            left = None
            job = Job.objects.filter(name=in_utf8(word)).first()
    if left:
        raise UsageError(
            f"the job {word!a} was forgotten on {left.forgotten_at:%Y-%m-%d} (JOBS_KEEP); what it "
            "made stays where it was put, and the log of that day names every file"
        )
    if job is None:
        raise UsageError(f"there is no job {word!a}; `mtdata jobs list` shows them")
    return job


def _is_stopping_by(made: tuple[Job, str]) -> bool:
    """Whether it is we who stopped it: no other order has that moment."""
    job, note = made
    return not note and Job.objects.filter(pk=job.pk, stopping_at=job.stopping_at).exists()


@made_whole(patient=False, stands=_is_stopping_by)
def stop(job_id: Any, reason: str = "stopped by hand") -> tuple[Job, str]:
    """Ask that a job ends and is taken back; the job, and a note when nothing changed."""
    job = locked(job_id)
    if is_final(job):
        return job, f"it has ended already: {job.status}"
    if job.status == Status.STOPPING:
        return job, "it is Stopping already"
    _begin_stopping(job, reason)
    return job, ""


def _begin_stopping(job: Job, reason: str) -> None:
    at = now()
    job.parts.filter(stage=Stage.UNDO).exclude(status=Status.IN_PROGRESS).delete()
    job.parts.filter(status=Status.QUEUED).update(status=Status.STOPPED, attempt=F("attempt") + 1)
    set_status(job, Status.STOPPING, stopping_at=at, ended_at=None, reason=kept_text(reason))
    add_event(job.pk, at, "INFO", reason)
    ended = advance(job, at)
    if ended is not None:
        count_end(job, ended, at)


def _is_tried_again(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, attempt=job.attempt).exists()


@made_whole(patient=False, stands=_is_tried_again)
def retry(job_id: Any) -> Job:
    """Queue a job again under its own id; finished parts stay so.  JobError if refused."""
    job = locked(job_id)
    refused = retry_refused(Status(job.status))
    if refused:
        raise JobError(f"{job.name}: {refused}")
    job.parts.filter(stage=Stage.UNDO).delete()
    job.parts.exclude(status=Status.SUCCESS).update(
        status=Status.QUEUED, attempt=F("attempt") + 1, lost=0, not_before=None,
        waiting_since=None, reason="",
    )  # fmt: skip
    again = {"attempt": job.attempt + 1, "started_at": None, "ended_at": None}
    set_status(job, Status.QUEUED, reason="", **again)
    add_event(job.pk, now(), "INFO", f"tried again, attempt {job.attempt}")
    return job


@made_whole(patient=False, stands=lambda job: _is_stopping_by((job, "")))
def undo(job_id: Any) -> Job:
    """Have everything that an ended job did taken back.  JobError if that cannot be."""
    job = locked(job_id)
    refused = undo_refused(Status(job.status), can_undo=job.can_undo)
    if not refused and not touched_parts(job, "all").exists():
        refused = "it has left nothing"
    if refused:
        raise JobError(f"{job.name}: {refused}")
    _begin_stopping(job, "taken back by hand")
    return job
