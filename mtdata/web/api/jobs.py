"""Operations on jobs: ordered as from the command line (`jobs.queue`), looked at in pages."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query

from mtdata.jobs import queue
from mtdata.jobs.ordering import kind_of
from mtdata.jobs.parameters import validate
from mtdata.jobs.records import listing, progress, queries, share
from mtdata.jobs.records.models import Job, Part
from mtdata.web.access import users
from mtdata.web.access.scope import scope_of
from mtdata.web.api import shapes
from mtdata.web.api.problems import Misfits, refusals
from mtdata.web.pages.job import job_or_404


def list_jobs(request: HttpRequest, wanted: Query[shapes.JobsWanted]) -> dict[str, Any]:
    """List jobs, the newest first.

    By state, kind, owner, and words in the name; a page beyond the last is the last.
    """
    paged = queries.job_page(
        status="" if wanted.status == shapes.ANY else wanted.status,
        kind=wanted.kind,
        words=wanted.words,
        owner=users.folded(wanted.owner),
        within=scope_of(request.user).jobs,
        page=wanted.page,
        size=wanted.size,
    )
    return paged._asdict()


def add_job(
    request: HttpRequest, response: HttpResponse, order: shapes.OrderShape
) -> dict[str, Any]:
    """Queue a job.

    `GET /api/kinds` tells what kinds there are and what each takes. The address of the job is in
    the header Location.
    """
    scope, who = scope_of(request.user), request.user.get_username()
    with refusals(HTTPStatus.UNPROCESSABLE_ENTITY):
        reading = validate(kind_of(order.kind, scope.kinds), scope.settings, order.parameters)
        if reading.faults:
            raise Misfits(f"{order.kind} does not take these parameters.", reading.faults)
        [job] = queue.add_all(scope.settings, scope.kinds, order.kind, [reading], who)
    response.headers["Location"] = reverse("api_show_job", kwargs={"id": job.pk})
    return _ordered(job)


def show_job(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Show a job: how far it is, why, what came out, its newest events.

    `running` are the parts that are carried now, at most 20; `silent_s` is how long ago one of them
    gave a sign of life.
    """
    job = job_or_404(request, id)
    now = progress.progress_of(job)
    return {
        **queries.details_of(job),
        "share": now.share,
        "rows_per_s": now.speed.rows_s,
        "left_s": now.speed.left_s,
        "silent_s": now.silent_s,
        "running": [_running(part, now) for part in now.running],
    }


def _running(part: Part, now: progress.Progress) -> dict[str, Any]:
    return {
        "number": part.number,
        "name": part.name,
        "stage": part.stage,
        "rows": part.rows,
        "expected": part.expected,
        "step": part.step,
        "runner": str(part.runner_id) if part.runner_id else None,
        "silent_s": max(0.0, (now.at - part.beat_at).total_seconds()) if part.beat_at else None,
    }


def list_events(
    request: HttpRequest, id: UUID, wanted: Query[shapes.EventsWanted]
) -> dict[str, Any]:
    """List what happened to a job, the oldest first.

    Ask again with `next` as the cursor for what has happened since.
    """
    events = progress.events_after(job_or_404(request, id), wanted.cursor, wanted.size)
    shown = [{"cursor": e.pk, "at": e.at, "level": e.level, "text": e.text} for e in events]
    return {"events": shown, "next": events[-1].pk if events else wanted.cursor}


def list_parts(request: HttpRequest, id: UUID, wanted: Query[shapes.Wanted]) -> dict[str, Any]:
    """List the parts of a job in their order."""
    parts, total = listing.parts_of(job_or_404(request, id), wanted.page, wanted.size)
    return {"parts": parts, **shapes.paging(total, wanted)}


def stop_job(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Stop a job and take back what it did.

    A job that has ended is left as it is, and `note` says so.
    """
    with refusals(HTTPStatus.CONFLICT):
        job, note = queue.stop(
            settings.MTDATA, job_or_404(request, id).pk, f"stopped by {request.user.get_username()}"
        )
    return _ordered(job, note)


def stop_jobs(request: HttpRequest, these: shapes.These) -> dict[str, Any]:
    """Stop all of these that have not ended, and take back what they did.

    Without a state, kind, owner or words it is every job that whoever asks gets at.
    """
    wanted_jobs = share.to_stop(
        scope_of(request.user).jobs,
        status="" if these.status == shapes.ANY else these.status,
        kind=these.kind,
        words=these.words,
        owner=these.owner,
    )
    who = request.user.get_username()
    stopped = queue.stop_all(settings.MTDATA, wanted_jobs, f"stopped by {who}")
    return {"stopped": len(stopped), "jobs": [queries.summary_of(job) for job in stopped]}


def retry_job(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Queue a job again that is Failed or Stopped; parts that are done stay so."""
    with refusals(HTTPStatus.CONFLICT):
        return _ordered(
            queue.retry(settings.MTDATA, job_or_404(request, id).pk, settings.MTDATA_KINDS)
        )


def undo_job(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Take back everything that an ended job did."""
    with refusals(HTTPStatus.CONFLICT):
        return _ordered(queue.undo(settings.MTDATA, job_or_404(request, id).pk))


def _ordered(job: Job, note: str = "") -> dict[str, Any]:
    return {**queries.summary_of(job), "attempt": job.attempt, "note": note}
