"""Who asks by a session, or by the word of a web server in front that TRUSTED_PROXIES names.

Whoever looks at `request.user` comes through here first: the pages, and what admits large bodies.
By such a word nobody is an administrator whom PROXY_ADMINS does not name; a token counts above it
where tokens count (`authorize`).  Nothing of it is kept: what no request says is not so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse

from mtdata.core.errors import RecordsError, UsageError
from mtdata.web import faults
from mtdata.web.access import lockout, second_factor, users
from mtdata.web.access.authorize import token_in
from mtdata.web.access.foreign import MARK
from mtdata.web.access.roles import Role, is_guest, role_of
from mtdata.web.forwarded import USER
from mtdata.web.middleware import AWAY, HEALTH

log = logging.getLogger(__name__)
NO_NAME = "the web server in front sends no name of a user, or several"
NOBODY = "the web server in front lets you in, and nobody is called so here: ask an administrator"
SHUT = "your account is shut"
TAKEN = "the database here cannot tell your name from that of somebody else: ask an administrator"


def identify(request: HttpRequest) -> None:
    """Let who a web server in front names be who asks.  PermissionDenied where that will not do."""
    told: str | None = request.META.get(USER)
    if told is None or token_in(request) is not None:
        _hold_back(request.user)
        return
    request.user = AnonymousUser()  # no session beside it counts
    name = _name_in(told)
    user, how = users.user_by(username=name), settings.MTDATA.programme
    if user is None and how.proxy_new_users != "refuse":
        user = users.enter_without_password(name, how.proxy_new_users)
        if user is None:
            raise PermissionDenied(TAKEN)
        log.info("%s is new, as %s, by the web server in front", name, how.proxy_new_users)
    if user is None:
        raise PermissionDenied(NOBODY)
    if is_guest(user) or not user.is_active:
        raise PermissionDenied(SHUT)
    if name not in map(users.folded, how.proxy_admins):
        user.most = Role.OPERATOR
    request.user = user
    _log_once(name, lockout.address_in(request))


def _hold_back(user: Any) -> None:
    """An administrator without a code is none where the config wants one; tokens are no session."""
    if not settings.MTDATA.programme.admins_need_code or role_of(user) is not Role.ADMIN:
        return
    if not second_factor.is_on(user):
        user.most, user.needs_code = Role.OPERATOR, True


def _name_in(told: str) -> str:
    """The one name that stands in a header.  PermissionDenied for anything else."""
    try:
        name = users.folded(told.encode("latin-1").decode("utf-8"))  # as headers come
        users.may_be(name)
    except (UnicodeError, UsageError):
        raise PermissionDenied(NO_NAME) from None
    if MARK in name:
        raise PermissionDenied(NO_NAME)
    return name


@lru_cache(maxsize=1024)
def _log_once(name: str, address: str) -> None:
    log.info("%s comes from %s by the web server in front", name, address)


class IdentityMiddleware:
    """Around every request but the one that only asks whether we live."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> Any:
        """The answer, or a 403 that says what is wrong with the name."""
        if request.path_info != HEALTH:
            try:
                identify(request)
            except PermissionDenied as error:
                log.warning("a name by the web server in front is refused: %s", error)
                words = f"You are not let in: {error}. Nothing was changed."
                return faults.error_page(request, HTTPStatus.FORBIDDEN, words)
            except (RecordsError, DatabaseError, InterfaceError):
                # that of a view goes another way (`middleware`)
                return faults.error_page(request, HTTPStatus.SERVICE_UNAVAILABLE, AWAY)
        return self._answer(request)
