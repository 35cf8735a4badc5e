"""Events, parts and runners a page at a time, and how many there are; it changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Min

from mtdata.domain.job import Status
from mtdata.records.asking import asking, now
from mtdata.records.models import Job, Part, Runner

SWEEPS, LEAST_S = 3, 30.0
"""A runner is alive while it was heard of within so many sweeps, or this time."""
UNDER_WAY = 20
OPEN_PARTS = (Status.QUEUED, Status.IN_PROGRESS)
PART = "number name stage status attempt lost rows expected step reason started_at ended_at".split()
RUNNER = "id host pid engine slots version started_at seen_at ended_at".split()


def job_of(number: UUID) -> Job | None:
    """The job of that id."""
    with asking():
        return Job.objects.filter(pk=number).first()


def going(job: Job) -> dict[str, Any]:
    """How the parts under way go on: the first of them, rows a second, age of the last sign."""
    with asking():
        at = now()
        running = job.parts.filter(status=Status.IN_PROGRESS).order_by("number")[:UNDER_WAY]
        parts = [_course(part, at) for part in running]
    ages = [part["beat_age_s"] for part in parts if part["beat_age_s"] is not None]
    return {
        "under_way": parts,
        "rows_per_s": round(sum(part["rows_per_s"] for part in parts), 1),
        "beat_age_s": min(ages, default=None),
    }


def _course(part: Part, at: datetime) -> dict[str, Any]:
    beat, begun = part.beat_at, part.started_at
    took_s = (beat - begun).total_seconds() if beat and begun else 0.0
    return {
        "number": part.number,
        "name": part.name,
        "stage": part.stage,
        "rows": part.rows,
        "expected": part.expected,
        "step": part.step,
        "rows_per_s": round(part.rows / took_s, 1) if took_s > 0 else 0.0,
        "beat_age_s": max(0.0, round((at - beat).total_seconds(), 1)) if beat else None,
    }


def events_behind(job: Job, cursor: int, size: int) -> list[dict[str, Any]]:
    """What happened to a job behind that event, the oldest first."""
    with asking():
        found = job.events.filter(pk__gt=cursor).order_by("pk")[:size]
        return list(found.values("at", "level", "text", cursor=F("pk")))


def parts_of(job: Job, page: int, size: int) -> tuple[list[dict[str, Any]], int]:
    """Parts of a job in their order, and how many there are on all pages."""
    with asking():
        first = (page - 1) * size
        found = job.parts.order_by("number").values(*PART)[first : first + size]
        return list(found), job.parts.count()


def silent_since(at: datetime, sweep_s: float) -> datetime:
    """Who was heard of last before that moment is not alive."""
    return at - timedelta(seconds=max(LEAST_S, SWEEPS * sweep_s))


def runners_of(sweep_s: float, page: int, size: int) -> tuple[list[dict[str, Any]], int]:
    """Runners, those heard of last first, and how many there are on all pages."""
    with asking():
        since = silent_since(now(), sweep_s)
        first = (page - 1) * size
        found = list(Runner.objects.order_by("-seen_at").values(*RUNNER)[first : first + size])
        total = Runner.objects.count()
    for one in found:
        one["alive"] = one["ended_at"] is None and one["seen_at"] > since
    return found, total


def counts(sweep_s: float) -> dict[str, Any]:
    """For monitoring: jobs by state, open parts by state, the oldest queued job, runners alive.

    Parts that have ended are not counted: how many there are has no bound.
    """
    with asking():
        jobs = dict(Job.objects.values_list("status").annotate(Count("pk")).order_by())
        parts = Part.objects.filter(status__in=OPEN_PARTS).values_list("status")
        queued = Job.objects.filter(status=Status.QUEUED)
        alive = Runner.objects.filter(ended_at=None, seen_at__gt=silent_since(now(), sweep_s))
        return {
            "jobs": {status.value: jobs.get(status.value, 0) for status in Status},
            "parts": {status.value: 0 for status in OPEN_PARTS}
            | dict(parts.annotate(Count("pk")).order_by()),
            "oldest_queued_at": queued.aggregate(Min("created_at"))["created_at__min"],
            "runners": alive.count(),
        }
