"""Whether the web page lives, for load balancers; it tells nothing else and needs no log-in."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from mtdata.core.errors import RecordsError
from mtdata.jobs.records import fitness


def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the records answer and can be written, else 503."""
    try:
        fitness.refuse_unwritable()
    except RecordsError:
        return HttpResponse(
            "the records do not answer, or cannot be written\n",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            content_type="text/plain",
        )
    return HttpResponse("ok\n", content_type="text/plain")
