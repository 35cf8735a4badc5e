"""Jobs as people and programs see them; it changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Case, Count, F, FloatField, Q, Sum, Value, When
from django.db.models.functions import Cast

from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.listing import RowPlace, page_of
from mtdata.jobs.records.models import Artifact, Job, Part
from mtdata.jobs.speed import share_of
from mtdata.jobs.states import UNDER_WAY, Stage, Status

EVENTS, MOST, MOST_PAGE = 50, 200, 200
NO_PARTS: dict[str, Any] = {"done": 0, "total": 0, "rows": 0, "shares": None}


def summary_of(job: Job) -> dict[str, Any]:
    """What `jobs add` and `jobs list` print of a job."""
    return {"id": str(job.pk), "name": job.name, "kind": job.kind, "status": job.status}


def details_of(job: Job) -> dict[str, Any]:
    """What `jobs show` prints: how far it is, why, what came out, what happened last."""
    with asking():
        job.refresh_from_db()
        counted = _counted([job.pk]).get(job.pk, NO_PARTS)
        return {
            **summary_of(job),
            "reason": job.reason,
            "attempt": job.attempt,
            "parameters": job.parameters,
            "parts": {"done": counted["done"], "total": counted["total"]},
            "rows": counted["rows"] or 0,
            "owner": job.owner,
            "created_at": job.created_at.isoformat(),
            "not_before": _moment(job.not_before),
            "started_at": _moment(job.started_at),
            "ended_at": _moment(job.ended_at),
            "artifacts": [artifact_line(one) for one in job.artifacts.order_by("pk")],
            "events": events(job, EVENTS),
        }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def artifact_line(one: Artifact) -> dict[str, Any]:
    """What is told of something that a job made."""
    return {
        "name": one.name,
        "url" if "://" in one.place else "path": one.place,
        "rows": one.rows,
        "size": one.size,
        "sha256": one.sha256,
    }


def events(job: Job, most: int) -> list[dict[str, str]]:
    """The newest of what happened, the oldest of them first."""
    with asking():
        newest = list(job.events.order_by("-pk")[:most])
    return [
        {"at": one.at.isoformat(), "level": one.level, "text": one.text} for one in reversed(newest)
    ]


def newest_jobs(status: str = "", kind: str = "") -> list[dict[str, Any]]:
    """The newest jobs, the newest first; `not_before` of one that waits tells until when."""
    with asking():
        asked = {name: word for name, word in (("status", status), ("kind", kind)) if word}
        jobs = Job.objects.filter(**asked).order_by("-created_at")
        return [
            {
                **summary_of(job),
                "created_at": job.created_at.isoformat(),
                "not_before": _moment(job.not_before),
            }
            for job in jobs[:MOST]
        ]


class JobPage(NamedTuple):
    """One page of jobs, the newest first, as `RowPage` tells of it."""

    jobs: list[dict[str, Any]]
    total: int
    page: int
    pages: int
    more: bool
    is_least: bool


def job_page(
    *,
    status: str = "",
    kind: str = "",
    words: str = "",
    owner: str = "",
    within: Q = Q(),  # noqa: B008 - it is never changed
    page: int = 1,
    size: int = 50,
    behind: RowPlace | None = None,
) -> JobPage:
    """The jobs of that state, kind and owner with these words in their names; in three queries.

    `within` says among which jobs; `behind` a job: what comes next, in place of a page.

    Of each: id, name, kind, status, owner, parameters, attempt, reason, created_at, not_before,
    started_at, ended_at (as aware datetimes), parts {done, total}, rows, share (of 1).  A page
    beyond the last is the last.
    """
    size = min(max(size, 1), MOST_PAGE)
    exact = {"status": status, "kind": kind, "owner": owner, "name__icontains": words}
    with asking():
        # PostgreSQL takes no NUL; nothing that is kept has one
        asked = {name: word.replace("\0", "\ufffd") for name, word in exact.items() if word}
        jobs = Job.objects.filter(within, **asked).order_by("-created_at", "-pk")
        found = page_of(jobs, page, size, behind)
        counted = _counted([job.pk for job in found.rows])
    return JobPage([_line(job, counted.get(job.pk, NO_PARTS)) for job in found.rows], *found[1:])


def owners(within: Q, most: int, name: str = "") -> list[str]:
    """Whose jobs there are among these, so many names at most; `name`: whether that is one."""
    asked = {"owner": name} if name else {}
    with asking():
        found = Job.objects.filter(within, **asked).exclude(owner="")
        return list(found.order_by("owner").values_list("owner", flat=True).distinct()[:most])


def _counted(jobs: Sequence[Any]) -> dict[Any, dict[str, Any]]:
    """Of the work of each of these jobs: parts done, parts, rows, shares of what runs as a sum."""
    work = Part.objects.filter(job__in=jobs, stage=Stage.WORK).values("job_id")
    done = Count("pk", filter=Q(status=Status.SUCCESS))
    shares = Sum(_share(), filter=Q(status=Status.IN_PROGRESS))
    found = work.annotate(shares=shares)  # before the sum that is called as what it adds up
    found = found.annotate(done=done, total=Count("pk"), rows=Sum("rows"))
    return {one.pop("job_id"): one for one in found.order_by()}


def _share() -> Case:
    """How much of a part is done, of 1; nothing where nobody knows how many rows are expected."""
    exact = Cast("rows", FloatField()) / Cast("expected", FloatField())
    whole, known = Value(1.0, FloatField()), Q(expected__gt=F("rows"))
    return Case(When(known, then=exact), When(expected__gt=0, then=whole), default=None)


def _line(job: Job, counted: dict[str, int]) -> dict[str, Any]:
    return {
        **summary_of(job),
        "owner": job.owner,
        "parameters": job.parameters,
        "attempt": job.attempt,
        "reason": job.reason,
        "created_at": job.created_at,
        "not_before": job.not_before,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "parts": {"done": counted["done"], "total": counted["total"]},
        "rows": counted["rows"] or 0,
        "share": share_of(counted["done"], counted["shares"] or 0.0, counted["total"]),
    }


def job_by_id(job_id: Any) -> Job | None:
    """The job of that id."""
    with asking():
        return Job.objects.filter(pk=job_id).first()


def under_way() -> set[str]:
    """The ids of all jobs that have not ended."""
    with asking():
        found = Job.objects.filter(status__in=UNDER_WAY).values_list("pk", flat=True)
        return {str(one) for one in found}


def plan_checkpoint(kind: str, key: str, job_id: str = "") -> Any:
    """What the plan of that job keeps, or of the newest job of that kind and key; None: nothing."""
    with asking():
        plans = Part.objects.filter(job__kind=kind, job__key=key, stage=Stage.PLAN)
        if job_id:
            plans = plans.filter(job=job_id)
        kept = plans.filter(checkpoint__isnull=False).order_by("-job__created_at")
        return kept.values_list("checkpoint", flat=True).first()


def standing_of_key(kind: str, key: str, but: str = "") -> Job | None:
    """The newest job of that kind and key, but that one, whose work stands or is to come."""
    with asking():
        gone = (Status.FAILED, Status.STOPPED)
        jobs = Job.objects.filter(kind=kind, key=key).exclude(status__in=gone)
        if but:  # of two that wait, the one that begins first has it
            jobs = jobs.exclude(pk=but).exclude(status=Status.QUEUED)
        return jobs.order_by("-created_at").first()


def work_is_done(job_id: Any) -> bool:
    """Whether all work of a job that is taken back had come to its end."""
    with asking():
        work = Part.objects.filter(job=job_id, stage=Stage.WORK)
        return not work.exclude(status=Status.SUCCESS).exists()


def digests_of(job_id: Any) -> set[str]:
    """The SHA-256 of everything that a job made, or was about to give its name when it was cut."""
    with asking():
        made = set(Artifact.objects.filter(job=job_id).values_list("sha256", flat=True))
        marks = Part.objects.filter(job=job_id, checkpoint__isnull=False)
        begun = {
            str(mark.get("sha256", ""))
            for mark in marks.values_list("checkpoint", flat=True)
            if isinstance(mark, dict)
        }
        return (made | begun) - {""}


def other_maker_of(place: str, sha256: str, but: Any) -> str:
    """The name of another job that made that very file at that place; '' when none did."""
    with asking():
        found = Artifact.objects.filter(place=place, sha256=sha256).exclude(job=but)
        return found.values_list("job__name", flat=True).first() or ""
