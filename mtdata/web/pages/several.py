"""One order to several jobs: retry, undo, links anew; each by itself, so none holds up another."""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.core.errors import JobError, RecordsError, UsageError
from mtdata.jobs import queue
from mtdata.jobs.records.models import Job
from mtdata.jobs.states import Status
from mtdata.web.access.scope import scope_of
from mtdata.web.downloads import links
from mtdata.web.pages.job_lines import job_lines
from mtdata.web.pages.jobs import asked_jobs
from mtdata.web.pages.words import see
from mtdata.web.paging import text_in

log = logging.getLogger(__name__)
MOST, MOST_TOLD = 200, 5


def show(request: HttpRequest) -> HttpResponse:
    """The newest jobs that the filters in the address leave, each with a box to tick."""
    asked, found = asked_jobs(request, scope_of(request.user), MOST)
    known = {"asked": asked, "found": found, "jobs": job_lines(found.jobs)}
    return render(request, "web/several.html", known)


def order(request: HttpRequest) -> HttpResponse:
    """Do it to each that is ticked and in the user's scope; say what was left as it is.

    UsageError where none is ticked.
    """
    word = text_in(request.POST, "order", 16)
    if word not in ORDERS:
        raise UsageError("there is no such order")
    act, told = ORDERS[word]
    done, left = [], []
    for job in _ticked(request):
        try:
            act(job)
        except RecordsError:
            raise
        except JobError as error:
            left.append(str(error))
        else:
            done.append(job.name)
    if done:
        log.info("%s ordered: %s %s", request.user.get_username(), word, ", ".join(done))
        messages.success(request, f"{told}: {len(done)} job{'' if len(done) == 1 else 's'}.")
    if left:
        more = f"; and {len(left) - MOST_TOLD} more" if len(left) > MOST_TOLD else ""
        why = "; ".join(left[:MOST_TOLD])
        messages.warning(request, f"Left as before, {len(left)}: {why}{more}.")
    if not done and not left:
        messages.warning(request, "Nothing was changed: no job was ticked.")
    return see("jobs")


def _ticked(request: HttpRequest) -> list[Job]:
    scope, found = scope_of(request.user), []
    for word in dict.fromkeys(request.POST.getlist("job")[:MOST]):
        try:
            job = scope.job(UUID(word))
        except ValueError:
            continue
        if job is not None:
            found.append(job)
    return found


def _retry(job: Job) -> None:
    queue.retry(settings.MTDATA, job.pk, settings.MTDATA_KINDS)


def _renew(job: Job) -> None:
    if job.status != Status.SUCCESS:
        raise JobError(f"{job.name}: it is {job.status}, so there is no link to renew")
    links.renew_all(job)


ORDERS: dict[str, tuple[Callable[[Job], object], str]] = {
    "retry": (_retry, "Queued again"),
    "undo": (lambda job: queue.undo(settings.MTDATA, job.pk), "Being taken back"),
    "renew": (_renew, "New links, open for 24 hours"),
}
