"""Serves the pages by waitress until it is asked to end; it never listens beyond here unguarded."""

from __future__ import annotations

import logging
import resource
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

from mtdata.config import Settings
from mtdata.config.values import is_loopback
from mtdata.core.errors import ConfigError, UsageError
from mtdata.core.systemd import Notifier
from mtdata.jobs.kind import Kinds
from mtdata.jobs.records import setting as records
from mtdata.jobs.records.asking import asking
from mtdata.web.body_limits import AROUND_A_FILE, MOST_BODY
from mtdata.web.connection_limits import Limits
from mtdata.web.forwarded import Proxies, behind_a_proxy, hear_proxy
from mtdata.web.listening import listening
from mtdata.web.setting import open_web
from mtdata.web.uploads.asking import Ask
from mtdata.web.uploads.incoming import Admission
from mtdata.web.wire import WireApplication

log = logging.getLogger(__name__)
THREADS, BACKLOG, CONNECTIONS, FILES = 10, 512, 800, 2048
"""More threads than log-ins elsewhere and log-ins that wait for their turn can hold."""
MOST_HEADERS = 1 << 15
"""Bytes; what is a little larger than it may be gets a page with words instead of a bare 413."""
WAITING = 4 << 20
"""Bytes: where more of what a connection asked for waits for its reader, its next request waits."""
PORT = 8080
_WAYS: dict[str, Any] = {
    "threads": THREADS,
    "backlog": BACKLOG,
    "cleanup_interval": 1,
    "max_request_header_size": MOST_HEADERS,
    "outbuf_high_watermark": WAITING,
    "asyncore_use_poll": True,  # select knows no file above 1,024
    "clear_untrusted_proxy_headers": False,  # `behind_a_proxy` does
    "ident": None,
}


def _may_listen(host: str) -> None:
    from django.contrib.auth.models import User

    with asking():
        known = User.objects.filter(is_active=True, guest=None).exists()
    if not known and not is_loopback(host.strip("[]")):
        raise ConfigError(
            f"nobody can log in yet, so the web page does not listen at {host}: call "
            "`mtdata user add NAME --admin` first, or leave --host out (this machine alone)"
        )


def server_of(
    settings: Settings,
    kinds: Kinds,
    host: str,
    port: int,
    limits: Limits | None = None,
    *,
    sockets: Sequence[socket.socket] = (),
    beat: Callable[[], None] = lambda: None,
) -> Any:
    """A server that listens already, at `sockets` where systemd opened some; `serve` serves.

    `beat` is called while it goes on.  UsageError when the place is taken.
    """
    open_web(settings, kinds)
    for place in [str(one.getsockname()[0]) for one in sockets] or [host]:
        _may_listen(place)
    _sweep()
    most, room, programme = MOST_BODY + AROUND_A_FILE, _room(), settings.programme
    where: dict[str, Any] = (
        {"sockets": list(sockets)} if sockets else {"host": host.strip("[]"), "port": port}
    )
    proxies = Proxies(programme.trusted_proxies, programme.proxy_user_header)
    try:
        return listening(
            behind_a_proxy(WireApplication(), proxies, programme.path_prefix),
            (limits or Limits()).within(room),
            _admission(settings, proxies),
            beat,
            **where,
            connection_limit=room,
            max_request_body_size=most,
            **_WAYS,
        )
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or "it is no such address"
        raise UsageError(f"cannot listen at {host} port {port}: {told}") from error


def _admission(settings: Settings, proxies: Proxies) -> Ask:
    """Who may send a large body where, as the application behind the server in front knows it."""
    from mtdata.web.uploads.admission import admitting, spool_of

    decide = admitting(settings, spool_of(settings))

    def admit(environ: dict[str, Any]) -> Admission:
        hear_proxy(environ, proxies, settings.programme.path_prefix)
        return decide(environ)

    return admit


def _room() -> int:
    """How many connections fit into the files that may be open, which are made more if they may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if 0 <= soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return CONNECTIONS if soft < 0 else min(CONNECTIONS, soft // 2)


def _sweep() -> None:
    """Remove sessions that are over."""
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    with asking():
        Session.objects.filter(expire_date__lt=timezone.now()).delete()


def serve(server: Any, systemd: Notifier | None = None) -> None:
    """Answer until SIGTERM or SIGINT; what is being answered is answered.

    systemd hears when it listens, and when it ends.  SystemExit by a signal.
    """
    systemd = systemd or Notifier()

    def end(number: int, frame: FrameType | None) -> NoReturn:
        systemd.stopping()
        raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    systemd.ready()  # connections are taken from here on
    try:
        server.run()  # it takes SystemExit for its end, and waits for its threads
    finally:
        server.close()
        systemd.close()
        records.close_records()
