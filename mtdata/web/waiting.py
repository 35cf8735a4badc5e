"""How long a job has worked, and before which others it waits; it changes nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Max, Q

from mtdata.jobs.records.asking import asking, now
from mtdata.jobs.records.models import Job, Part
from mtdata.jobs.states import Stage, Status


class Place(NamedTuple):
    """Where a job stands in the queue: how many were added before it, and who has its account."""

    before: int
    behind: Job | None


def queue_place(job: Job) -> Place | None:
    """The place of a job in the queue; None for one that does not wait to be begun."""
    if job.status != Status.QUEUED:
        return None
    with asking():
        ready = Q(not_before=None) | Q(not_before__lte=now())
        queued = Job.objects.filter(ready, status=Status.QUEUED)
        earlier = Q(created_at__lt=job.created_at) | Q(created_at=job.created_at, pk__lt=job.pk)
        behind = Job.objects.filter(held_key=job.key).first() if job.key else None
        return Place(queued.filter(earlier).count(), behind)


def work_ended_at(jobs: Collection[Any]) -> dict[Any, datetime | None]:
    """When the work of jobs had ended that were stopped or taken back, by their ids.

    What such a job ends with itself is that all of it is taken back, which may be days later.
    """
    with asking():
        turned = Job.objects.filter(pk__in=jobs).exclude(stopping_at=None).values("pk")
        parts = Part.objects.filter(job__in=turned).exclude(stage=Stage.UNDO).values("job_id")
        return {
            one["job_id"]: one["last"] for one in parts.annotate(last=Max("ended_at")).order_by()
        }


def seconds(began: datetime | None, ended: datetime | None) -> float | None:
    """Between the two; None where one of them is not known."""
    if began is None or ended is None or ended < began:
        return None
    return (ended - began).total_seconds()
