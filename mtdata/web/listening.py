"""Begins to listen, at an address or at sockets that are open already; what comes in goes on in
`connections.py`.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import Any

from waitress.adjustments import Adjustments
from waitress.server import BaseWSGIServer, MultiSocketServer

from mtdata.web.connection_limits import Limits
from mtdata.web.connections import Server
from mtdata.web.downloads.pouring import Fetchers, pouring
from mtdata.web.page_threads import PageThreads
from mtdata.web.uploads.asking import Ask, no_uploads

FETCHERS, READERS, ASKERS = 3, 6, 2
"""Few that fetch, since guarding holds the interpreter that every page needs as well."""
NEVER = sys.maxsize
OPTIONS = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    # what the system takes ahead of a reader would look as if that one had taken it
    (socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 1 << 17),
]


def listening(
    app: Any,
    limits: Limits,
    admit: Ask = no_uploads,
    beat: Callable[[], None] = lambda: None,
    **settings: Any,
) -> BaseWSGIServer | MultiSocketServer:
    """Listen at all that the host, or the sockets, of waitress' settings stand for.

    `admit` lets uploads in; `beat` is called about once a second while the server goes on.
    OSError, ValueError.
    """
    adjustments = Adjustments(**settings, outbuf_overflow=NEVER, inbuf_overflow=NEVER)
    adjustments.socket_options = OPTIONS
    crews = (Fetchers(), Fetchers(), Fetchers())
    for crew, count in zip(crews, (FETCHERS, READERS, ASKERS), strict=True):
        crew.set_thread_count(count)
    threads = PageThreads()
    threads.set_thread_count(adjustments.threads)
    by_number: dict[int, Any] = {}
    how = {
        "dispatcher": threads,
        "adj": adjustments,
        "limits": limits,
        "crews": crews,
        "admit": admit,
        "beat": beat,
    }
    servers = [Server(pouring(app), by_number, **one, **how) for one in _listen_at(adjustments)]
    if len(servers) == 1:
        return servers[0]
    at = [(one.effective_host, one.effective_port) for one in servers]
    every = MultiSocketServer(by_number, adjustments, at, threads, servers[0].log_info)
    every.effective_host, every.effective_port = at[0]
    return every


def _listen_at(adjustments: Adjustments) -> list[dict[str, Any]]:
    """Where each server listens: at a socket that is open already, else at one of its own."""
    if not adjustments.sockets:
        return [{"sockinfo": one} for one in adjustments.listen]
    return [
        {
            "_sock": one,
            "bind_socket": False,
            "sockinfo": (one.family, one.type, one.proto, one.getsockname()),
        }
        for one in adjustments.sockets
    ]
