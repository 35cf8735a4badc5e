"""Whether somebody may send a large body there, from the header alone; it reads nothing of it.

What is answered to who may not is the business of the page itself (`routes`), which is asked
without the body then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.http import HttpResponse
from django.urls import Resolver404, resolve

from mtdata.config import Settings
from mtdata.core.errors import MTDataError
from mtdata.web.access import authorize
from mtdata.web.access.identity import identify
from mtdata.web.body_limits import upload_body, usual_body
from mtdata.web.route import Route
from mtdata.web.uploads.incoming import (
    AGAIN_S,
    NOT_ASKED,
    NOT_LET_IN,
    Admission,
    UploadPlace,
    UploadRefusal,
)
from mtdata.web.uploads.spool import SpoolFull, UploadSpool
from mtdata.web.wire import WireRequest

log = logging.getLogger(__name__)
FULL_ONES = 4
"""So many uploads of full size fit at once."""


def spool_of(settings: Settings) -> UploadSpool:
    """The place for what is uploaded to this instance."""
    return UploadSpool(settings.home / "state" / "uploads", FULL_ONES * upload_body(settings))


def admitting(settings: Settings, spool: UploadSpool) -> Callable[[dict[str, Any]], Admission]:
    """What decides on a request by its environment, its length None where it comes in chunks."""

    def decide(environ: dict[str, Any]) -> Admission:
        route = _route_at(environ["PATH_INFO"])
        way = route and route.ways.get(environ["REQUEST_METHOD"])
        if not route or not way or way.body is usual_body:
            return None
        request = WireRequest(environ)
        try:
            close_old_connections()  # as at the beginning of every request
            if not _may(request, route):
                return NOT_LET_IN
            return _placed(request.user.pk, environ, way.body(settings), spool)
        except (MTDataError, DatabaseError, InterfaceError, OSError) as error:
            log.error("%s: an upload is refused: %s", request.path, type(error).__name__)
            return NOT_ASKED

    return decide


def _route_at(path: str) -> Route | None:
    try:
        found: Route | None = getattr(resolve(path).func, "route", None)
    except Resolver404:
        return None
    return found


def _may(request: Any, route: Route) -> bool:
    """Whether that method is open to who asks."""
    SessionMiddleware(_nothing).process_request(request)
    AuthenticationMiddleware(_nothing).process_request(request)
    least = route.ways[request.method].role
    try:
        identify(request)
        return authorize.refusal_for(request, route.audience, least, guests=route.guests) is None
    except PermissionDenied:
        return False


def _nothing(request: Any) -> HttpResponse:
    return HttpResponse()


def _placed(user: Any, environ: dict[str, Any], most: int, spool: UploadSpool) -> Admission:
    length = environ.get("CONTENT_LENGTH")
    size = most if length is None else int(length)
    if size > most:
        words = f"The request is larger than {most >> 20} MB (UPLOAD_MAX). Nothing was changed."
        return UploadRefusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words)
    try:
        return UploadPlace(spool.reserve(user, size), most)
    except SpoolFull as error:
        status = HTTPStatus.TOO_MANY_REQUESTS if error.is_own else HTTPStatus.SERVICE_UNAVAILABLE
        words = f"It cannot be taken now: {error}. Nothing was changed; try again soon."
        return UploadRefusal(status, words, AGAIN_S)
