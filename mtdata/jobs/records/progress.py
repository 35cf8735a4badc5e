"""How a job goes on right now: what runs, how fast, when it was last heard of; it changes nothing.

Every answer is bounded, however many parts a job has.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Max, Q, Sum

from mtdata.jobs.records.asking import asking, now
from mtdata.jobs.records.models import Event, Job, Part
from mtdata.jobs.speed import JobSpeed, PartSpan, share_of, speed_of
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


def progress_of(job: Job) -> Progress:
    """How far a job is that has begun."""
    with asking():
        at = now()
        counted = _counted(job)
        parts = job.parts.filter(status=Status.IN_PROGRESS).select_related("runner")
        running = list(parts.order_by("number")[:RUNNING])
        done = job.parts.filter(stage=Stage.WORK, status=Status.SUCCESS)
        finished = list(done.exclude(started_at=None).order_by("-ended_at")[:FINISHED])
    bits = [_bit(part, part.beat_at or at) for part in running if part.stage == Stage.WORK]
    heard = counted["heard"]
    return Progress(
        at=at,
        done=counted["done"],
        total=counted["total"],
        rows=counted["rows"] or 0,
        share=share_of(counted["done"], bits, counted["total"]),
        speed=speed_of(
            [_bit(part, part.ended_at or at) for part in finished], bits, counted["wait"]
        ),
        running=running,
        more_running=max(0, counted["running"] - len(running)),
        silent_s=None if heard is None else max(0.0, (at - heard).total_seconds()),
    )


def _counted(job: Job) -> dict[str, Any]:
    work, runs = Q(stage=Stage.WORK), Q(status=Status.IN_PROGRESS)
    found: dict[str, Any] = job.parts.aggregate(
        done=Count("pk", filter=work & Q(status=Status.SUCCESS)),
        wait=Count("pk", filter=work & Q(status=Status.QUEUED)),
        total=Count("pk", filter=work),
        rows=Sum("rows", filter=work),
        running=Count("pk", filter=runs),
        heard=Max("beat_at", filter=runs),
    )
    return found


def _bit(part: Part, until: datetime) -> PartSpan:
    seconds = (until - part.started_at).total_seconds() if part.started_at else 0.0
    return PartSpan(part.rows, max(0.0, seconds), part.expected)


def newest_events(job: Job, most: int) -> list[Event]:
    """The newest events of a job, so many at most, the newest first."""
    with asking():
        return list(job.events.order_by("-pk")[:most])


def events_after(job: Job, event: int, most: int) -> list[Event]:
    """Events of a job after that one (0: from the beginning on), the oldest first."""
    with asking():
        return list(job.events.filter(pk__gt=event).order_by("pk")[:most])
