"""Serves the pages by waitress until it is asked to end; it never listens beyond here unguarded."""

from __future__ import annotations

import ipaddress
import logging
import signal
from types import FrameType
from typing import Any, NoReturn

import waitress
from django.core.handlers.wsgi import WSGIHandler
from waitress.server import BaseWSGIServer

from mtdata.config import Settings
from mtdata.errors import ConfigError, UsageError
from mtdata.jobs.kind import Kinds
from mtdata.records import setting as records
from mtdata.records.asking import asking
from mtdata.web.setting import open_web

log = logging.getLogger(__name__)
THREADS, BACKLOG, MOST_BYTES, IDLE_S = 8, 128, 64 << 20, 30
PORT = 8080


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _may_listen(host: str) -> None:
    from django.contrib.auth.models import User

    with asking():
        known = User.objects.filter(is_active=True, guest=None).exists()
    if not known and not is_loopback(host):
        raise ConfigError(
            f"nobody can log in yet, so the web page does not listen at {host}: call "
            "`mtdata user add NAME --admin` first, or leave --host out (this machine alone)"
        )


def server_of(settings: Settings, kinds: Kinds, host: str, port: int) -> BaseWSGIServer:
    """A server that listens already; `run` serves.  UsageError when the place is taken."""
    open_web(settings, kinds)
    _may_listen(host)
    _sweep()
    try:
        # A web server in front of it, on this machine, tells whether it was TLS and who asks.
        return waitress.create_server(
            WSGIHandler(),
            host=host.strip("[]"),
            port=port,
            threads=THREADS,
            backlog=BACKLOG,
            channel_timeout=IDLE_S,
            max_request_body_size=MOST_BYTES,
            trusted_proxy="127.0.0.1",
            trusted_proxy_count=1,
            trusted_proxy_headers={"x-forwarded-proto", "x-forwarded-for"},
            clear_untrusted_proxy_headers=True,
            ident=None,
        )
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or "it is no such address"
        raise UsageError(f"cannot listen at {host} port {port}: {told}") from error


def _sweep() -> None:
    """Remove sessions that are over."""
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    with asking():
        Session.objects.filter(expire_date__lt=timezone.now()).delete()


def serve(server: Any) -> None:
    """Answer until SIGTERM or SIGINT; what is being answered is answered."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        server.run()  # it takes SystemExit for its end, and waits for its threads
    finally:
        server.close()
        records.close_records()
