"""The original platform's address for an export: it fills a job's form, and no GET queues."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from mtdata.web.pages import new_job
from mtdata.web.paging import text_in

EXPORT = "forms.export"


def show(request: HttpRequest) -> HttpResponse:
    """The form, filled with what stands in the address."""
    kind = new_job.kind_or_404(request, EXPORT)
    names = [one.name for one in kind.parameters if one.name in request.GET]
    given = {name: text_in(request.GET, name) for name in names}
    return new_job.show_filled(request, kind, given)


def queue(request: HttpRequest) -> HttpResponse:
    """Queue it, or show what is wrong."""
    return new_job.queue(request, EXPORT)
