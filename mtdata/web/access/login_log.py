"""Logs who came in and who was turned away, never by a name that failed: it may be a password."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_login_failed

from mtdata.logs import EACH

log = logging.getLogger(__name__)


def listen() -> None:
    """Log log-ins from now on, in words without names; the libraries are quiet about them."""
    for name in ("django.request", "django.security"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    user_logged_in.connect(_log_login)
    user_login_failed.connect(_log_refusal)


def _address(request: Any) -> str:
    return request.META.get("REMOTE_ADDR", "?") if request is not None else "?"


def _log_login(sender: Any, request: Any, user: Any, **more: Any) -> None:
    from mtdata.web.access import lockout  # it loads a model

    log.info("%s logged in from %s", user.get_username(), _address(request))
    known = getattr(request, "log_in_try", None)
    if known is not None:
        request.log_in_ended = "opened"
        lockout.opened(known)


def _log_refusal(sender: Any, request: Any = None, **more: Any) -> None:
    from mtdata.web.access import lockout

    known = getattr(request, "log_in_try", None)
    if known is not None and known.turn.refused:
        log.error("a log-in from %s is too early: too many failed", _address(request), extra=EACH)
        return
    log.warning("a log-in from %s was refused", _address(request), extra=EACH)
    if request is not None:
        request.log_in_ended = "shut" if known and lockout.is_shut(known) else "failed"
