"""Operations on jobs: ordered as from the command line (`jobs.queue`), looked at in pages."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query

from mtdata.core.errors import UsageError
from mtdata.jobs import queue
from mtdata.jobs.kind import Kinds, in_order, kind_of
from mtdata.jobs.parameters import validate
from mtdata.jobs.records import listing, progress, queries, share
from mtdata.jobs.records.models import Job, Part
from mtdata.web.access import users
from mtdata.web.access.scope import scope_of
from mtdata.web.api import asked, files
from mtdata.web.api.cursors import behind_cursor, moment_cursor
from mtdata.web.api.order_faults import faults_of, unknown_kind, unknown_owner
from mtdata.web.api.problems import ODD, Misfits, refusals
from mtdata.web.pages.job import job_or_404


def list_jobs(request: HttpRequest, wanted: Query[asked.JobsWanted]) -> dict[str, Any]:
    """List jobs, the newest first.

    By state, kind, owner, and words in the name; a page beyond the last is the last. With `next` as
    the cursor it goes on, and no job that was added meanwhile moves anything.
    """
    owner = _known_owner(request, wanted, "query", "wanted")
    paged = queries.job_page(
        status="" if wanted.status == asked.ANY else wanted.status,
        kind=wanted.kind,
        words=wanted.words,
        owner=owner,
        within=scope_of(request.user).jobs,
        page=wanted.page,
        size=wanted.size,
        behind=behind_cursor(wanted.cursor, "created_at"),
    )
    last = paged.jobs[-1] if paged.more else None
    return {**paged._asdict(), "next": last and moment_cursor(last["created_at"], last["id"])}


def _known_owner(request: HttpRequest, wanted: asked.JobsWanted | asked.These, *where: str) -> str:
    """The owner that is asked for, as it is kept; Misfits for one or a kind that there is not."""
    owner, who = users.folded(wanted.owner), request.user.get_username()
    unknown = unknown_kind((*where, "kind"), wanted.kind)
    unknown += unknown_owner((*where, "owner"), owner, who, scope_of(request.user).jobs)
    if unknown:
        raise Misfits(ODD, unknown)
    return owner


def add_job(
    request: HttpRequest, response: HttpResponse, order: asked.OrderShape
) -> dict[str, Any]:
    """Queue a job.

    `GET /api/v1/kinds` tells what kinds there are and what each takes. The address of the job is in
    the header Location.
    """
    scope, who = scope_of(request.user), request.user.get_username()
    with refusals(HTTPStatus.UNPROCESSABLE_ENTITY):
        if found := faults_of(order.kind, order.parameters, request.user):
            raise Misfits(_misfit_told(order, scope.kinds), found)
        reading = validate(kind_of(order.kind, scope.kinds), scope.settings, order.parameters)
        [job] = queue.add_all(scope.settings, scope.kinds, order.kind, [reading], who)
    response.headers["Location"] = reverse("api_show_job", kwargs={"id": job.pk})
    return _ordered(job)


def _misfit_told(order: asked.OrderShape, kinds: Kinds) -> str:
    """In a sentence what `errors` tell; for an unknown kind with the one that was meant."""
    try:
        return f"{kind_of(order.kind, kinds).name} does not take these parameters."
    except UsageError as error:
        return str(error)


def show_job(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Show a job: how far it is, why, what came out, its newest events.

    `running` are the parts that are carried now, at most 20; `silent_s` is how long ago one of them
    gave a sign of life.
    """
    job = job_or_404(request, id)
    now = progress.progress_of(job, settings.MTDATA.programme)
    made, zipped = files.artifact_lines(request, job)
    details = queries.details_of(job)
    kind = settings.MTDATA_KINDS.get(job.kind)
    return {
        **details,
        "parameters": in_order(kind, details["parameters"]),
        "artifacts": made,
        "zip": zipped,
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
    request: HttpRequest, id: UUID, wanted: Query[asked.EventsWanted]
) -> dict[str, Any]:
    """List what happened to a job, the oldest first.

    Ask again with `next` as the cursor for what has happened since.
    """
    events = progress.events_after(job_or_404(request, id), wanted.cursor, wanted.size)
    shown = [{"cursor": e.pk, "at": e.at, "level": e.level, "text": e.text} for e in events]
    return {"events": shown, "next": events[-1].pk if events else wanted.cursor}


def list_parts(request: HttpRequest, id: UUID, wanted: Query[asked.PartsWanted]) -> dict[str, Any]:
    """List the parts of a job in their order."""
    behind = listing.NumberPlace(int(wanted.cursor)) if wanted.cursor else None
    found = listing.parts_of(job_or_404(request, id), wanted.page, wanted.size, behind)
    last = str(found.rows[-1]["number"]) if found.more else None
    return {**found._asdict(), "parts": found.rows, "next": last}


def stop_job(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Stop a job and take back what it did.

    A job that has ended is left as it is, and `note` says so.
    """
    with refusals(HTTPStatus.CONFLICT):
        job, note = queue.stop(
            settings.MTDATA, job_or_404(request, id).pk, f"stopped by {request.user.get_username()}"
        )
    return _ordered(job, note)


def stop_jobs(request: HttpRequest, these: asked.These) -> dict[str, Any]:
    """Stop all of these that have not ended, and take back what they did.

    Without a state, kind, owner or words it is every job that whoever asks gets at.
    """
    owner = _known_owner(request, these, "body", "these")
    wanted_jobs = share.to_stop(
        scope_of(request.user).jobs,
        status="" if these.status == asked.ANY else these.status,
        kind=these.kind,
        words=these.words,
        owner=owner,
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
