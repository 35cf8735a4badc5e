"""Who asks, by a token or a session, and what somebody gets who may not; it shows no page.

A token counts where an address says so, and never opens more than its scope.  A session needs the
mark of our own pages for whatever changes something; a token, which no browser sends by itself,
does not.
"""

from __future__ import annotations

from enum import Enum, auto
from http import HTTPStatus

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import reverse

from mtdata.web.access import tokens
from mtdata.web.access.foreign import service_title
from mtdata.web.access.roles import Role, is_guest, role_of
from mtdata.web.faults import problem

NO_LOG_IN = "Log in, or send a token: `Authorization: Bearer mtd_...`. Nothing was changed."
NO_SUCH = "This token opens nothing: it is not known, or it has ended. Nothing was changed."


class Audience(Enum):
    """Who comes to an address: people, programs, or either."""

    PEOPLE = auto()  # by a session alone; strangers get the page to log in
    EITHER = auto()  # programs by a token too; strangers get the page to log in
    PROGRAMS = auto()  # the same, and strangers get a 401


def refusal_for(
    request: HttpRequest, audience: Audience, least: Role, *, guests: bool = False
) -> HttpResponse | None:
    """What is answered to somebody who may not; None, and request.user, for somebody who may.

    PermissionDenied where a page says why.
    """
    request.for_programs = audience is Audience.PROGRAMS
    word = None if audience is Audience.PEOPLE else token_in(request)
    request.by_token = word is not None
    if word is not None:
        found = tokens.user_of(word)
        if found is None:
            return _unknown(NO_SUCH, 'Bearer realm="MTData", error="invalid_token"')
        request.user = found[0]
    if role_of(request.user) < least:
        return _turned_away(request, audience, least)
    if not guests and is_guest(request.user):
        raise PermissionDenied(f"this is not open to accounts of {service_title(request.user)}")
    return None


def mark_refusal(request: HttpRequest) -> HttpResponse | None:
    """What is answered where the mark of our pages is missing; it may stand in the body."""
    if request.by_token:
        return None
    return CsrfViewMiddleware(lambda request: None).process_view(request, None, (), {})


def token_in(request: HttpRequest) -> str | None:
    """What comes as a token; None for another scheme, which may be that of a server before us."""
    scheme, _, word = request.headers.get("Authorization", "").partition(" ")
    return word.strip() if scheme.lower() == "bearer" else None


def _turned_away(request: HttpRequest, audience: Audience, least: Role) -> HttpResponse:
    if request.user.is_authenticated:
        scope = ", and a token with that scope" if request.by_token else ""
        raise PermissionDenied(f"this needs the role {least.group}{scope}")
    if audience is Audience.PROGRAMS:
        return _unknown(NO_LOG_IN, 'Bearer realm="MTData"')
    if request.headers.get("HX-Request"):  # a piece of a page: the whole of it goes to the log-in
        return HttpResponse(status=401, headers={"HX-Refresh": "true"})
    if request.method not in ("GET", "HEAD"):
        return redirect_to_login(reverse("overview"))
    return redirect_to_login(request.get_full_path())


def _unknown(words: str, challenge: str) -> HttpResponse:
    answer = problem(HTTPStatus.UNAUTHORIZED, words)
    answer.headers["WWW-Authenticate"] = challenge
    return answer
