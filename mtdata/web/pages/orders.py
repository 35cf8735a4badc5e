"""Orders to a job: stop, retry, undo; each is a POST, and given twice it does no harm."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from mtdata.core.errors import JobError
from mtdata.jobs import queue
from mtdata.jobs.records import share
from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.models import Job
from mtdata.jobs.records.transitions import touched_parts
from mtdata.jobs.states import Status, retry_refused, undo_refused
from mtdata.web.access.scope import scope_of
from mtdata.web.pages.words import refusals_shown, see
from mtdata.web.paging import job_filters

log = logging.getLogger(__name__)
CAN_STOP = (Status.QUEUED, Status.IN_PROGRESS)


def orders_of(job: Job) -> set[str]:
    """What may be ordered of a job as it stands."""
    status = Status(job.status)
    found = {"stop"} if status in CAN_STOP else set()
    if not retry_refused(status):
        found.add("retry")
    if not undo_refused(status, can_undo=job.can_undo):
        with asking():
            if touched_parts(job, "all").exists():
                found.add("undo")
    return found


def stop(request: HttpRequest, job: Any) -> HttpResponse:
    """End it and take back what it did."""

    def order(who: str) -> str:
        of, told = queue.stop(settings.MTDATA, job, f"stopped by {who}")
        return f"{of.name}: {told}; nothing was changed." if told else f"{of.name} is {of.status}."

    return _ordered(request, job, "stop", order)


def stop_all(request: HttpRequest) -> HttpResponse:
    """Stop all that the list shows, on all of its pages, which has not ended yet."""
    asked = job_filters(request.POST)
    found = share.to_stop(
        scope_of(request.user).jobs,
        status=asked["status"],
        kind=asked["kind"],
        words=asked["name"],
        owner=asked["owner"],
    )
    who = request.user.get_username()
    stopped = queue.stop_all(settings.MTDATA, found, f"stopped by {who}")
    log.info("%s ordered: stop %d jobs", who, len(stopped))
    messages.success(request, f"{len(stopped)} jobs were stopped.")
    return see("jobs")


def retry(request: HttpRequest, job: Any) -> HttpResponse:
    """Queue a job again."""

    def order(who: str) -> str:
        of = queue.retry(settings.MTDATA, job, settings.MTDATA_KINDS)
        return f"{of.name} is queued again, attempt {of.attempt}."

    return _ordered(request, job, "retry", order)


def undo(request: HttpRequest, job: Any) -> HttpResponse:
    """Take back what it did."""

    def order(who: str) -> str:
        of = queue.undo(settings.MTDATA, job)
        return f"What {of.name} did is being taken back."

    return _ordered(request, job, "undo", order)


def _ordered(
    request: HttpRequest, job: Any, word: str, order: Callable[[str], str]
) -> HttpResponse:
    scope_of(request.user).existing_job(job)
    who = request.user.get_username()
    with refusals_shown(request, JobError):
        told = order(who)
        log.info("%s ordered: %s %s", who, word, job)
        messages.success(request, told)
    return see("job", job)
