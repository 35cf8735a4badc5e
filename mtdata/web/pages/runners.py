"""Who carries jobs, and what each has in hand."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.jobs.records import runner_view
from mtdata.jobs.title import title_of
from mtdata.web.paging import number_in


def show(request: HttpRequest) -> HttpResponse:
    """List runners that are alive, late or silent; `?show=ended` those that ended."""
    ended = request.GET.get("show") == "ended"
    page = number_in(request.GET, "page", 1)
    terms = settings.MTDATA.programme
    crew = runner_view.runner_page(terms, ended=ended, page=page)
    for part in (part for runner in crew.runners for part in runner["parts"]):
        kind = settings.MTDATA_KINDS.get(part["kind"])
        part["title"] = title_of(kind, part["job_name"], part["parameters"]).words
    known = {"crew": crew, "ended": ended, "count": runner_view.runner_count(terms)}
    return render(request, "web/runners.html", known)
