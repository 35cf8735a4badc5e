"""Who carries jobs, and what each has in hand."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.jobs.records import runner_view
from mtdata.web.paging import number_in


def show(request: HttpRequest) -> HttpResponse:
    """List runners that are alive or silent; `?show=ended` those that ended."""
    ended = request.GET.get("show") == "ended"
    page = number_in(request.GET, "page", 1)
    crew = runner_view.runner_page(settings.MTDATA.programme.sweep_s, ended=ended, page=page)
    return render(request, "web/runners.html", {"crew": crew, "ended": ended})
