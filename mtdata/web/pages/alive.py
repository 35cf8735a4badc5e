"""Whether the web page lives, for load balancers; it tells nothing else and needs no log-in."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from mtdata.errors import RecordsError
from mtdata.records.asking import asking, now


def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the records answer, else 503."""
    try:
        with asking():
            now()
    except RecordsError:
        return HttpResponse(
            "the records do not answer\n", HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/plain"
        )
    return HttpResponse("ok\n", content_type="text/plain")
