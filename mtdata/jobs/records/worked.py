"""How long jobs were worked on, without the waits between two tries; it changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q

from mtdata.jobs.records.asking import asking, now
from mtdata.jobs.records.models import Job, Part
from mtdata.jobs.states import Stage, Status

Span = tuple[datetime, datetime]
LAST = 5


class PartTime(NamedTuple):
    """The seconds that a part took, on average of so many jobs."""

    seconds: float
    jobs: int


def part_time(kind: str, account: str, within: Q = Q()) -> PartTime | None:  # noqa: B008 - it is never changed
    """How long a part of the last jobs of that kind and account took; None where none was done.

    That is of the time in which the job was worked at, by however many; `within` says among which
    jobs.
    """
    done = Job.objects.filter(within, kind=kind, account=account, status=Status.SUCCESS)
    with asking():
        ended = done.filter(started_at__isnull=False, ended_at__isnull=False)
        last = list(ended.order_by("-created_at")[:LAST])
        parts = Part.objects.filter(job__in=[job.pk for job in last], stage=Stage.WORK).count()
    if not parts:
        return None
    known = worked_s([job.pk for job in last])
    took = [known.get(job.pk, (job.ended_at - job.started_at).total_seconds()) for job in last]
    return PartTime(sum(max(0.0, seconds) for seconds in took) / parts, len(last))


def worked_s(jobs: Collection[Any]) -> dict[Any, float]:
    """Of each job that waited or was tried again: the seconds in which a part was at work.

    What takes back is no work of a job.  One that went through is not among them: it was at work
    from its begin to its end.
    """
    waited = Q(lost__gt=0) | Q(waiting_since__isnull=False)
    again = Q(job__attempt__gt=1) | Q(job__stopping_at__isnull=False)
    found: dict[Any, list[Span]] = {}
    with asking():
        at = now()
        odd = Part.objects.filter(waited | again, job__in=jobs).values("job_id")
        begun = Part.objects.filter(job__in=odd, started_at__isnull=False)
        work = begun.exclude(stage=Stage.UNDO).order_by("started_at")
        for job, status, began, beat, ended in work.values_list(
            "job_id", "status", "started_at", "beat_at", "ended_at"
        ):
            # under way, `ended_at` is that of an earlier try
            until = beat if status == Status.IN_PROGRESS else ended
            found.setdefault(job, []).append((began, until or at))
    return {job: covered_s(spans) for job, spans in found.items()}


def covered_s(spans: Iterable[Span]) -> float:
    """The seconds that any of these covers; they come in the order of their begin."""
    seconds, until = 0.0, None
    for began, ended in spans:
        start = began if until is None else max(began, until)
        seconds += max(0.0, (ended - start).total_seconds())
        until = ended if until is None else max(until, ended)
    return seconds
