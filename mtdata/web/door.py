"""Logs who came in and who was turned away, never by a name that failed: it may be a password."""

from __future__ import annotations

import logging
from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_login_failed

log = logging.getLogger(__name__)


def listen() -> None:
    """From now on; the libraries are quiet: what they tell we tell, in words that say nothing."""
    for name in ("axes", "django.request", "django.security"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    user_logged_in.connect(_came_in)
    user_login_failed.connect(_was_refused)
    user_locked_out.connect(_was_locked_out)


def _place(request: Any) -> str:
    return request.META.get("REMOTE_ADDR", "?") if request is not None else "?"


def _came_in(sender: Any, request: Any, user: Any, **more: Any) -> None:
    log.info("%s logged in from %s", user.get_username(), _place(request))


def _was_refused(sender: Any, request: Any = None, **more: Any) -> None:
    log.warning("a log-in from %s was refused", _place(request))


def _was_locked_out(sender: Any, request: Any = None, **more: Any) -> None:
    log.error("log-ins from %s are locked for a while: too many failed", _place(request))
