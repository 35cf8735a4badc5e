"""The pages of what went wrong: what happened, and what is safe; they never show a value."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from mtdata import __version__
from mtdata.core.errors import RecordsError
from mtdata.logs.lines import fault_told
from mtdata.web.forwarded import PEER, UNHEARD

log = logging.getLogger(__name__)
LEFT_OFF = (
    "The database of the records does not answer. What was committed is safe; look at what there "
    "is before you order it again."
)


class JobForgotten(Http404):
    """There was such a job, and it was forgotten: 410, in these words."""

    def __init__(self, at: datetime) -> None:
        super().__init__(
            f"This job was forgotten on {at:%Y-%m-%d}, for it had ended long before (JOBS_KEEP). "
            "What it made stays where it was put; the log of that day names every file."
        )


def error_page(request: HttpRequest, status: HTTPStatus, words: str) -> HttpResponse:
    """A page with these words; for the API problem details (RFC 9457)."""
    if request.path_info.startswith("/api/") or getattr(request, "for_programs", False):
        return problem(status, words)
    known = {"status": status.value, "title": status.phrase, "words": words}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # who asks stands in records that may be away
        page = render_to_string("web/fault.html", known | {"version": __version__})
        return HttpResponse(page, status=status.value)
    return render(request, "web/fault.html", known, status=status.value)


def problem(status: HTTPStatus, words: str, **more: Any) -> HttpResponse:
    """Problem details as JSON."""
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": words}
    return JsonResponse(body | more, status=status.value, content_type="application/problem+json")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 400: a host that is not in ALLOWED_HOSTS; and what is too large."""
    if isinstance(exception, RequestDataTooBig):
        words = "The request is larger than 1 MB. Nothing was changed."
        return error_page(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words)
    if isinstance(exception, SessionInterrupted):
        return _session_lost(request, exception)
    words = "The request cannot be understood. Is the name in the address in ALLOWED_HOSTS?"
    return error_page(request, HTTPStatus.BAD_REQUEST, words)


def _session_lost(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """Behind a page, whose work is done: its session was ended meanwhile, or cannot be kept."""
    while error is not None:
        if isinstance(error, OperationalError | InterfaceError):
            return _left_off(request)
        error = error.__context__
    words = "Your session was ended meanwhile. What was committed is safe; log in again."
    return error_page(request, HTTPStatus.BAD_REQUEST, words)


def _left_off(request: HttpRequest) -> HttpResponse:
    log.error("%s %s: the records do not answer", request.method, request.path)
    return error_page(request, HTTPStatus.SERVICE_UNAVAILABLE, LEFT_OFF)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Logged in, and not allowed."""
    words = str(exception) or "this is not for you"
    return error_page(request, HTTPStatus.FORBIDDEN, f"You may not do that: {words}.")


def not_allowed(request: HttpRequest, methods: Sequence[str]) -> HttpResponse:
    """An address that does not know this method."""
    words = f"Here one may {' and '.join(methods)}. Nothing was changed."
    answer = error_page(request, HTTPStatus.METHOD_NOT_ALLOWED, words)
    answer.headers["Allow"] = ", ".join(methods)
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that is not of our own page, one too old, or a web server that says too little."""
    words = "This form is too old or not ours. Nothing was changed; go back, reload, try again."
    blame = _blame(request)
    if blame:
        log.warning("a form was refused; %s asked for it: %s", request.META.get(PEER, "?"), blame)
    return error_page(request, HTTPStatus.FORBIDDEN, f"{words} {blame}".strip())


def _blame(request: HttpRequest) -> str:
    """What the web server in front of us tells wrong, as far as the browser's own word shows it."""
    scheme, _, host = request.META.get("HTTP_ORIGIN", "").partition("://")
    if scheme == "https" and not request.is_secure():
        if request.META.get(UNHEARD):
            return (
                "The web server in front is not believed, so X-Forwarded-Proto is not heard: its "
                "address must stand in TRUSTED_PROXIES of programme.config."
            )
        return (
            "The browser came by https, and the web server in front does not say so: it must send "
            "X-Forwarded-Proto: https."
        )
    if host and host != request.META.get("HTTP_HOST"):
        return (
            "Our page would not send it from that name: the web server in front must pass on the "
            "header Host as the browser has it, with its port."
        )
    return ""


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page of 404, or of 410 for a job that there was."""
    if isinstance(exception, JobForgotten):
        return error_page(request, HTTPStatus.GONE, str(exception))
    return error_page(request, HTTPStatus.NOT_FOUND, "There is nothing at this address.")


def broken(request: HttpRequest) -> HttpResponse:
    """A fault that reached Django: one before a page or behind it, where its work may be done."""
    error = sys.exception()
    if isinstance(error, RecordsError | DatabaseError | InterfaceError):
        return _left_off(request)
    if error is not None:
        where = fault_told(error, error.__traceback__)
        log.critical("%s %s: a fault of the program: %s", request.method, request.path, where)
    words = "A fault of the program; what was committed is safe."
    return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR, words)
