"""Operations on jobs: ordered by the same door as from the command line, looked at in pages."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query

from mtdata.jobs import front
from mtdata.records import listing, looking
from mtdata.records.models import Job
from mtdata.web.api import shapes
from mtdata.web.api.problems import refusals


def _found(id: UUID) -> Job:
    job = listing.job_of(id)
    if job is None:
        raise Http404("There is no such job.")
    return job


def list_jobs(request: HttpRequest, wanted: Query[shapes.JobsWanted]) -> dict[str, Any]:
    """List jobs, the newest first.

    By state, kind, owner, and words in the name; a page beyond the last is the last.
    """
    found = looking.paged(
        status="" if wanted.status == shapes.ANY else wanted.status,
        kind=wanted.kind,
        words=wanted.words,
        owner=wanted.owner,
        page=wanted.page,
        size=wanted.size,
    )
    return found._asdict()


def add_job(request: HttpRequest, response: HttpResponse, order: shapes.Order) -> dict[str, Any]:
    """Queue a job.

    `GET /api/kinds` tells what kinds there are and what each takes. The address of the job is in
    the header Location.
    """
    with refusals(HTTPStatus.UNPROCESSABLE_ENTITY):
        job = front.add(
            settings.MTDATA,
            settings.MTDATA_KINDS,
            order.kind,
            order.parameters,
            owner=request.user.get_username(),
        )
    response.headers["Location"] = reverse("api_show_job", kwargs={"id": job.pk})
    return _ordered(job)


def show_job(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Show a job: how far it is, why, what came out, its newest events.

    `under_way` are the parts that are carried now, at most 20.
    """
    job = _found(id)
    return {**looking.whole_of(job), **listing.going(job)}


def list_events(
    request: HttpRequest, id: UUID, wanted: Query[shapes.EventsWanted]
) -> dict[str, Any]:
    """List what happened to a job, the oldest first.

    Ask again with `next` as the cursor for what has happened since.
    """
    found = listing.events_behind(_found(id), wanted.cursor, wanted.size)
    last = found[-1]["cursor"] if found else wanted.cursor
    return {"events": found, "next": last}


def list_parts(request: HttpRequest, id: UUID, wanted: Query[shapes.Wanted]) -> dict[str, Any]:
    """List the parts of a job in their order."""
    found, total = listing.parts_of(_found(id), wanted.page, wanted.size)
    return {"parts": found, **shapes.paging(total, wanted)}


def stop_job(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Stop a job and take back what it did.

    A job that has ended is left as it is, and `note` says so.
    """
    with refusals(HTTPStatus.CONFLICT):
        job, note = front.stop(
            settings.MTDATA, _found(id).pk, f"stopped by {request.user.get_username()}"
        )
    return _ordered(job, note)


def retry_job(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Queue a job again that is Failed or Stopped; parts that are done stay so."""
    with refusals(HTTPStatus.CONFLICT):
        return _ordered(front.retry(settings.MTDATA, _found(id).pk))


def undo_job(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Take back everything that an ended job did."""
    with refusals(HTTPStatus.CONFLICT):
        return _ordered(front.undo(settings.MTDATA, _found(id).pk))


def _ordered(job: Job, note: str = "") -> dict[str, Any]:
    return {**looking.brief(job), "attempt": job.attempt, "note": note}
