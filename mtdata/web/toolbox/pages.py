"""The last report of each study, and the order to make it anew; no participant is shown.

A page shows what lies in `reports/` of the pool; it reads no sheet.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe

from mtdata.jobs import queue
from mtdata.jobs.records import queries
from mtdata.jobs.states import Status
from mtdata.toolbox.jobs import KIND, REPORT
from mtdata.toolbox.report.excerpt import excerpt
from mtdata.toolbox.report.notes import notes_of
from mtdata.toolbox.report.sections import sections
from mtdata.web.pages.words import see
from mtdata.web.paging import MOST_WORDS, text_in
from mtdata.web.site_named import site_named
from mtdata.web.toolbox.site_line import site_line

log = logging.getLogger(__name__)
UNDER_WAY = (Status.QUEUED, Status.IN_PROGRESS)


def all_reports(request: HttpRequest) -> HttpResponse:
    """List the sites, each with what its last report says."""
    lines = [site_line(site) for site in settings.MTDATA.sites]
    return render(request, "toolbox/reports.html", {"lines": lines, "kind": REPORT})


def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show the last report of a site; `?scale=` the scales alone that have these words."""
    line, words = site_line(site_named(name)), text_in(request.GET, "scale", MOST_WORDS).strip()
    shown: dict[str, Any] = {"line": line, "job": _under_way(name), "words": words}
    if line.report:
        part = excerpt(line.report, words)
        cards = sections(line.report, part.shown)  # every word is escaped where it is put in
        shown |= {"cards": mark_safe(cards), "part": part, "notes": notes_of(line.report)}  # noqa: S308
    return render(request, "toolbox/report.html", shown)


def make(request: HttpRequest, name: str) -> HttpResponse:
    """Queue the job that makes the report anew, unless one is under way; go to that."""
    site, who = site_named(name), request.user.get_username()
    if known := _under_way(name):
        return see("job", known)
    job = queue.add(settings.MTDATA, settings.MTDATA_KINDS, REPORT, {"server": site.name}, who)
    log.info("%s queued %s", who, job.name)
    messages.success(request, f"{job.name} is queued.")
    return see("job", job.pk)


def _under_way(name: str) -> str:
    """The id of the job that makes the report of that site now, or is to; '' for none."""
    within = Q(key=KIND.key({"server": name}), status__in=UNDER_WAY)
    found = queries.job_page(kind=REPORT, within=within, size=1)
    return str(found.jobs[0]["id"]) if found.jobs else ""
