"""New jobs: which kind, and its form; a GET queues nothing, a POST all that is asked or nothing."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from mtdata.jobs import queue as job_queue
from mtdata.jobs.kind import Kind
from mtdata.jobs.parameters import MOST_VALUE
from mtdata.jobs.records.models import Job
from mtdata.web.access.scope import Scope, scope_of
from mtdata.web.job_form import (
    JobForm,
    cut_at,
    form_text,
    rows_in,
    with_days,
    with_span,
    without_row,
)
from mtdata.web.order_preview import preview_of, shortcut
from mtdata.web.pages.words import see
from mtdata.web.paging import number_in, text_in

log = logging.getLogger(__name__)
SHORTCUTS = (("yesterday", "Yesterday"), ("week", "Last 7 days"), ("month", "Last month"))


class KindGroup(NamedTuple):
    """The kinds of a duty, and what it does."""

    about: str
    kinds: list[Kind]


def choose(request: HttpRequest) -> HttpResponse:
    """The kinds that there are, duty by duty."""
    scope = scope_of(request.user)
    left = {name: scope.kinds[name] for name in sorted(scope.kinds)}
    groups = [
        KindGroup(duty.about, [left.pop(name) for name in duty.kinds() if name in left])
        for duty in scope.duties
    ]
    groups.append(KindGroup("", list(left.values())))
    shown = [group for group in groups if group.kinds]
    return render(request, "web/job_kinds.html", {"groups": shown})


def show(request: HttpRequest, kind: str) -> HttpResponse:
    """The empty form, or one filled by the address: as the job `?from=` was, or name by name.

    Where the kind has a page of its own, that.
    """
    found = kind_or_404(request, kind)
    if found.page:
        return _own_page(request, found)
    return show_filled(request, found, _as_before(request, found) or _by_name(request, found))


def _by_name(request: HttpRequest, kind: Kind) -> dict[str, str]:
    known = {one.name for one in kind.parameters} - {kind.settling}
    return {name: text_in(request.GET, name, MOST_VALUE) for name in known & request.GET.keys()}


def _own_page(request: HttpRequest, kind: Kind) -> HttpResponse:
    before = {"from": word} if (word := request.GET.get("from", "")) else {}
    return HttpResponseRedirect(reverse(kind.page, query=before), status=303)


def _as_before(request: HttpRequest, kind: Kind) -> dict[str, str]:
    try:
        job_id = UUID(request.GET.get("from", ""))
    except ValueError:
        return {}
    job = scope_of(request.user).job(job_id)
    known = {one.name for one in kind.parameters} - {kind.settling}
    kept = job.parameters if job and job.kind == kind.name else {}
    return {name: form_text(value) for name, value in kept.items() if name in known}


def queue(request: HttpRequest, kind: str) -> HttpResponse:
    """Queue a job for each range, or none and show what is wrong or has to be seen before."""
    found, scope = kind_or_404(request, kind), scope_of(request.user)
    if found.page:
        return _own_page(request, found)
    sent = {name: request.POST[name] for name in request.POST}
    given = with_days(found, scope.settings, sent)
    if found.ranges and (filled := _refilled(request, found, scope, given)):
        return filled
    form = JobForm(found, scope.settings, given, rows=rows_in(given))
    if not form.is_valid():
        return _render_form(request, found, form, status=400)
    preview = preview_of(found, scope, form.readings)
    if preview.warning_mark and given.get("seen") != preview.warning_mark:
        return _render_form(request, found, form, is_stopped=True)
    owner = request.user.get_username()
    jobs = job_queue.add_all(
        scope.settings, settings.MTDATA_KINDS, found.name, form.readings, owner
    )
    log.info("%s queued %s", owner, ", ".join(job.name for job in jobs))
    messages.success(request, _scheduled(jobs))
    return see("job", jobs[0].pk) if len(jobs) == 1 else see("jobs")


def _refilled(
    request: HttpRequest, kind: Kind, scope: Scope, given: dict[str, str]
) -> HttpResponse | None:
    """The form with a range more or less, or with other days; None where an order was meant."""
    rows = rows_in(given)
    if "more" in given:
        return show_filled(request, kind, given, rows + 1, turned=True)
    if "less" in given:
        left = without_row(kind, given, number_in(request.POST, "less", 0))
        return show_filled(request, kind, left, rows - 1)
    today = kind.today(scope.settings, given)
    if days := shortcut(given.get("span", ""), today):
        return show_filled(request, kind, with_span(kind, given, *days), rows)
    if given.get("span") == "ended":
        ended = cut_at(kind, given, today - timedelta(days=1))
        return show_filled(request, kind, ended, rows)
    return show_filled(request, kind, given, rows) if "look" in given else None


def _scheduled(jobs: list[Job]) -> SafeString:
    links = [(resolve_url("job", job.pk), job.name) for job in jobs]
    named = format_html_join(", ", '<a href="{}">{}</a>', links)
    if len(jobs) == 1:
        return format_html("Job has been scheduled: {}.", named)
    return format_html("{} jobs have been scheduled: {}.", len(jobs), named)


def kind_or_404(request: HttpRequest, name: str) -> Kind:
    """The kind of that name, or 404; also where whoever asks may order none of it."""
    kinds = scope_of(request.user).kinds
    if name not in kinds:
        raise Http404
    return kinds[name]


def show_filled(
    request: HttpRequest, kind: Kind, given: dict[str, str], rows: int = 1, *, turned: bool = False
) -> HttpResponse:
    """The form, filled and not judged."""
    ours = scope_of(request.user).settings
    form = JobForm(kind, ours, initial=given, rows=rows, turned=turned)
    judged = JobForm(kind, ours, given, rows=rows)
    judged.is_valid()
    return _render_form(request, kind, form, judged=judged)


def _render_form(
    request: HttpRequest,
    kind: Kind,
    form: JobForm,
    status: int = 200,
    *,
    judged: JobForm | None = None,
    is_stopped: bool = False,
) -> HttpResponse:
    preview = preview_of(kind, scope_of(request.user), (judged or form).readings)
    known = {"kind": kind, "form": form, "preview": preview, "is_stopped": is_stopped}
    return render(request, "web/job_form.html", known | {"shortcuts": SHORTCUTS}, status=status)
