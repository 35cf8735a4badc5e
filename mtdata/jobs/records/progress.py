"""How a job goes on right now: what runs, how fast, when it was last heard of; it changes nothing.

Every answer is bounded, however many parts a job has.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Max, Q, Sum

from mtdata.config.programme import ProgrammeConfig
from mtdata.jobs.records.asking import asking, now
from mtdata.jobs.records.models import Artifact, Event, Job, Part
from mtdata.jobs.records.runners import missed_after_s
from mtdata.jobs.records.standing import ALL
from mtdata.jobs.records.transitions import touched_parts
from mtdata.jobs.speed import CallCount, JobSpeed, PartSpan, calls_of, share_of, speed_of
from mtdata.jobs.states import Stage, Status

RUNNING, FINISHED = 20, 20


class Progress(NamedTuple):
    """How far a job is, at this time by the database's clock."""

    at: datetime
    done: int
    total: int
    rows: int
    share: float  # of 1
    speed: JobSpeed
    running: list[Part]  # the first of them
    more_running: int
    silent_s: float | None  # since the last sign of life of any part; None: nothing runs
    is_carried: bool  # somebody works at it: no sign of life of all its parts is missing
    calls: CallCount


def progress_of(job: Job, terms: ProgrammeConfig) -> Progress:
    """How far a job is that has begun.

    While nobody works at it nothing is known of its speed, and of what is left.
    """
    missed_s = missed_after_s(terms.heartbeat_s)
    with asking():
        at = now()
        counted = _counted(job)
        parts = job.parts.filter(status=Status.IN_PROGRESS).select_related("runner")
        running = list(parts.order_by("number")[:RUNNING])
        done = job.parts.filter(stage=Stage.WORK, status=Status.SUCCESS)
        finished = list(done.exclude(started_at=None).order_by("-ended_at")[:FINISHED])
    work = [part for part in running if part.stage == Stage.WORK]
    carried = [part for part in work if part.beat_at and _ago(part.beat_at, at) <= missed_s]
    bits, moving = ([_bit(one, one.beat_at or at) for one in some] for some in (work, carried))
    heard = counted["heard"]
    return Progress(
        at=at,
        done=counted["done"],
        total=counted["total"],
        rows=counted["rows"] or 0,
        share=share_of(counted["done"], sum(bit.share or 0.0 for bit in bits), counted["total"]),
        speed=speed_of(
            [_bit(part, part.ended_at or at) for part in finished], moving, counted["wait"]
        ),
        running=running,
        more_running=max(0, counted["running"] - len(running)),
        silent_s=None if heard is None else _ago(heard, at),
        is_carried=heard is not None and _ago(heard, at) <= missed_s,
        calls=calls_of(
            counted["calls"] or 0,
            [part.calls for part in finished],
            [part.calls for part in work],
            counted["wait"],
        ),
    )


def _ago(moment: datetime, at: datetime) -> float:
    return max(0.0, (at - moment).total_seconds())


def tries_of(part: Part) -> int:
    """How often a part was begun since somebody ordered it: what waited for its time was no try."""
    if part.started_at is None:
        return 0
    given_back = bool(part.ended_at and part.not_before and part.not_before >= part.ended_at)
    ended = part.status in (Status.QUEUED, Status.FAILED, Status.STOPPED)
    return part.lost + (not (part.lost and ended and given_back))


class LeftByJob(NamedTuple):
    """What a job has left so far, which a stop takes back."""

    files: int
    rows: int


def left_by(job: Job) -> LeftByJob:
    """What would be taken back now."""
    with asking():
        parts = touched_parts(job, ALL)
        files = Artifact.objects.filter(part__in=parts.values("pk")).count()
        return LeftByJob(files, parts.aggregate(rows=Sum("rows"))["rows"] or 0)


def _counted(job: Job) -> dict[str, Any]:
    work, runs = Q(stage=Stage.WORK), Q(status=Status.IN_PROGRESS)
    return job.parts.aggregate(
        done=Count("pk", filter=work & Q(status=Status.SUCCESS)),
        wait=Count("pk", filter=work & Q(status=Status.QUEUED)),
        total=Count("pk", filter=work),
        rows=Sum("rows", filter=work),
        calls=Sum("calls"),
        running=Count("pk", filter=runs),
        heard=Max("beat_at", filter=runs),
    )


def _bit(part: Part, until: datetime) -> PartSpan:
    seconds = (until - part.started_at).total_seconds() if part.started_at else 0.0
    return PartSpan(part.rows, max(0.0, seconds), part.expected)


def newest_events(job: Job, most: int) -> list[Event]:
    """The newest events of a job, so many at most, the newest first."""
    with asking():
        return list(job.events.order_by("-pk")[:most])


def events_after(job: Job, event: int, most: int, part: str = "") -> list[Event]:
    """Events of a job (or of one part) after that one (0: from the beginning), the oldest first."""
    named = Q()
    for behind in (":", " ", ".") if part else ():
        named |= Q(text__startswith=f"{part}{behind}")
    with asking():
        return list(job.events.filter(named, pk__gt=event).order_by("pk")[:most])
