"""Jobs as people and programs see them; it changes nothing."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, Sum

from mtdata.domain.job import Stage, Status
from mtdata.records.asking import asking
from mtdata.records.models import Job

EVENTS, MOST = 50, 200


def brief(job: Job) -> dict[str, Any]:
    """What `jobs add` and `jobs list` print of a job."""
    return {"id": str(job.pk), "name": job.name, "kind": job.kind, "status": job.status}


def whole_of(job: Job) -> dict[str, Any]:
    """What `jobs show` prints: how far it is, why, what came out, what happened last."""
    with asking():
        job.refresh_from_db()
        work = Q(stage=Stage.WORK)
        counted = job.parts.aggregate(
            done=Count("pk", filter=work & Q(status=Status.SUCCESS)),
            total=Count("pk", filter=work),
            rows=Sum("rows", filter=work),
        )
        return {
            **brief(job),
            "reason": job.reason,
            "attempt": job.attempt,
            "parameters": job.parameters,
            "parts": {"done": counted["done"], "total": counted["total"]},
            "rows": counted["rows"] or 0,
            "artifacts": _artifacts(job),
            "events": events(job, EVENTS),
        }


def _artifacts(job: Job) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "url" if "://" in one.place else "path": one.place,
            "rows": one.rows,
            "sha256": one.sha256,
        }
        for one in job.artifacts.order_by("pk")
    ]


def events(job: Job, most: int) -> list[dict[str, str]]:
    """The newest of what happened, the oldest of them first."""
    with asking():
        newest = list(job.events.order_by("-pk")[:most])
    return [
        {"at": one.at.isoformat(), "level": one.level, "text": one.text} for one in reversed(newest)
    ]


def listed(status: str = "", kind: str = "", most: int = MOST) -> list[dict[str, Any]]:
    """The newest jobs, the newest first."""
    with asking():
        jobs = Job.objects.order_by("-created_at")
        if status:
            jobs = jobs.filter(status=status)
        if kind:
            jobs = jobs.filter(kind=kind)
        return [{**brief(job), "created_at": job.created_at.isoformat()} for job in jobs[:most]]
