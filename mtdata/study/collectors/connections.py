"""Connections for HTTP whose answers end in time and in bounds; they decide nothing.

An answer as a whole may take TIMEOUT (DELETE) or ten times TIMEOUT (GET), so that one dripping byte
by byte ends too.
"""

from __future__ import annotations

import math
import socket
import ssl
from http.client import RemoteDisconnected
from typing import Any, cast

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from mtdata.core.http import BoundedAnswer

GET_WAITS = 10  # a GET's answer as a whole may take so many times TIMEOUT
GONE = (RemoteDisconnected, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError)


class SiteAnswer(BoundedAnswer):
    """An answer of any length: what a package may have is up to who reads it."""

    most = math.inf

    def __init__(self, sock: socket.socket, *rest: Any, **more: Any) -> None:
        self.waits = GET_WAITS if more.get("method") == "GET" else 1
        super().__init__(sock, *rest, **more)


class SiteConnection(HTTPConnection):
    """Asks once more, on a new connection, when the site had quietly closed a kept-alive one.

    Whether it closed before or after it read the request cannot be known.  Both calls that we make
    may be repeated: a DELETE that was carried out after all is then answered with "does not exist".
    """

    response_class = SiteAnswer
    _answers = 0

    def connect(self) -> None:
        super().connect()
        self._answers = 0

    def request(self, *rest: Any, **options: Any) -> None:
        self._connect_s = self.timeout
        self._asked = rest, options
        super().request(*rest, **options)

    def getresponse(self) -> Any:
        try:
            answer = super().getresponse()
        except GONE:
            if not self._answers:
                raise
            read_s, self.timeout = self.timeout, self._connect_s
            self.close()
            super().request(*self._asked[0], **self._asked[1])
            self.timeout = read_s
            answer = super().getresponse()
        self._answers += 1
        return answer


class SecureConnection(SiteConnection, HTTPSConnection):
    """A connection to a site over TLS."""


def connections_to(site: PreparedRequest, known_by: str, most: int) -> tuple[HTTPAdapter, Any]:
    """At most so many kept-alive connections, as `requests` makes them, and who closes them.

    `known_by` names the authorities that count.  No session of `requests` stands before them, and
    the environment is not asked: a .netrc would replace the password, and a proxy named in
    somebody's shell would see answers that may go to this machine only.
    """
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=most)
    pool = cast(Any, adapter.get_connection_with_tls_context(site, known_by))
    pool.ConnectionCls = SecureConnection if pool.scheme == "https" else SiteConnection
    adapter.cert_verify(pool, site.url, known_by, None)  # type: ignore[no-untyped-call]
    return adapter, pool
