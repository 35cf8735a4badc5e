"""Around every request: faults become pages, cookies are kept to TLS and path; it logs no value."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware

from mtdata.core.errors import JobError, MTDataError, RecordsError, UsageError
from mtdata.logs.lines import fault_told
from mtdata.web import faults
from mtdata.web.api.deprecation import tell_successor

log = logging.getLogger(__name__)


HEALTH = "/healthz"
AWAY = "The database of the records does not answer. Nothing was changed; try later."


class Naming(CommonMiddleware):
    """Asks under which name we were asked for; who only asks whether we live may use any."""

    def __call__(self, request: HttpRequest) -> Any:
        """The answer, or where to go on."""
        if request.path_info != HEALTH:
            return super().__call__(request)
        return self.process_response(request, self.get_response(request))


class Guarding:
    """Outermost of all, so that nothing leaves without having come through here."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, keep what is told private, and cookies to TLS where there is TLS."""
        is_head = request.method == "HEAD"
        response = self._answer(request)
        tell_successor(request, response)
        if connection.errors_occurred:
            connection.close()  # one that is read-only answers well, and would stay so
        if is_head:  # our server sends whatever it is given
            setattr(response, "streaming_content" if response.streaming else "content", b"")
        if not request.path_info.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        below = request.META.get("SCRIPT_NAME", "")
        for cookie in response.cookies.values():
            if request.is_secure():
                cookie["secure"] = True
            if below and cookie["path"] == "/":
                cookie["path"] = below
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A page that tells what happened; None leaves it to Django (404, 403)."""
        if isinstance(error, RecordsError | DatabaseError | InterfaceError):
            log.error("%s %s: the records do not answer", request.method, request.path)
            return faults.error_page(
                request,
                HTTPStatus.SERVICE_UNAVAILABLE,
                AWAY,
            )
        if isinstance(error, UsageError | JobError):
            return faults.error_page(request, HTTPStatus.BAD_REQUEST, str(error))
        if isinstance(error, MTDataError):
            log.warning("%s %s: %s", request.method, request.path, error)
            return faults.error_page(request, HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        is_djangos = isinstance(error, Http404) or type(error).__module__.startswith("django.")
        if is_djangos or hasattr(error, "status_code"):
            return None
        where = fault_told(error, error.__traceback__)
        log.critical("%s %s: a fault of the program: %s", request.method, request.path, where)
        return faults.error_page(
            request,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "A fault of the program; its place stands in the log. What was committed is safe.",
        )
