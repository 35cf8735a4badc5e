"""New jobs: which kind, and its form; a GET queues nothing, a POST all that is asked or nothing."""

from __future__ import annotations

import logging
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from mtdata.jobs import queue as job_queue
from mtdata.jobs.kind import Kind
from mtdata.jobs.records.models import Job
from mtdata.web.access.scope import scope_of
from mtdata.web.job_form import JobForm, form_text, rows_in, without_row
from mtdata.web.pages.words import see
from mtdata.web.paging import number_in

log = logging.getLogger(__name__)


def choose(request: HttpRequest) -> HttpResponse:
    """The kinds that there are."""
    kinds = sorted(scope_of(request.user).kinds.values(), key=lambda kind: kind.name)
    return render(request, "web/job_kinds.html", {"kinds": kinds})


def show(request: HttpRequest, kind: str) -> HttpResponse:
    """The empty form, or one filled as the job `?from=` was."""
    found, ours = _kind(request, kind), scope_of(request.user).settings
    return _render_form(request, found, JobForm(found, ours, initial=_as_before(request, found)))


def _as_before(request: HttpRequest, kind: Kind) -> dict[str, str]:
    try:
        job_id = UUID(request.GET.get("from", ""))
    except ValueError:
        return {}
    job = scope_of(request.user).job(job_id)
    known = {parameter.name for parameter in kind.parameters}
    kept = job.parameters if job and job.kind == kind.name else {}
    return {name: form_text(value) for name, value in kept.items() if name in known}


def queue(request: HttpRequest, kind: str) -> HttpResponse:
    """Queue a job for each range, or none and show what is wrong; or a range more or less."""
    found, ours = _kind(request, kind), scope_of(request.user).settings
    rows = rows_in(request.POST)
    if found.ranges and "more" in request.POST:
        given = {name: request.POST[name] for name in request.POST}
        grown = JobForm(found, ours, initial=given, rows=rows + 1, turned=True)
        return _render_form(request, found, grown)
    if found.ranges and "less" in request.POST:
        left = without_row(found, request.POST, number_in(request.POST, "less", 0))
        return _render_form(request, found, JobForm(found, ours, initial=left, rows=rows - 1))
    form = JobForm(found, ours, request.POST, rows=rows)
    if not form.is_valid():
        return _render_form(request, found, form, status=400)
    owner = request.user.get_username()
    jobs = job_queue.add_all(ours, settings.MTDATA_KINDS, found.name, form.readings, owner)
    log.info("%s queued %s", owner, ", ".join(job.name for job in jobs))
    messages.success(request, _scheduled(jobs))
    return see("job", jobs[0].pk) if len(jobs) == 1 else see("jobs")


def _scheduled(jobs: list[Job]) -> SafeString:
    links = [(resolve_url("job", job.pk), job.name) for job in jobs]
    named = format_html_join(", ", '<a href="{}">{}</a>', links)
    if len(jobs) == 1:
        return format_html("Job has been scheduled: {}.", named)
    return format_html("{} jobs have been scheduled: {}.", len(jobs), named)


def _kind(request: HttpRequest, name: str) -> Kind:
    kinds = scope_of(request.user).kinds
    if name not in kinds:
        raise Http404
    return kinds[name]


def _render_form(
    request: HttpRequest, kind: Kind, form: JobForm, status: int = 200
) -> HttpResponse:
    return render(request, "web/job_form.html", {"kind": kind, "form": form}, status=status)
