"""Connections for HTTP whose answers end in time and in bounds; they decide nothing.

An answer as a whole may take TIMEOUT (DELETE) or ten times TIMEOUT (GET), so that one dripping byte
by byte ends too.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from http.client import RemoteDisconnected
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection

from mtdata.core.http import FinalResponse

GET_WAITS = 10  # a GET's answer as a whole may take so many times TIMEOUT
GONE = (RemoteDisconnected, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError)


class _TimedBytes(io.RawIOBase):
    """What a socket gives until the time for it all is over; the socket's own limit is per wait.

    The time is looked at between waits, so an answer may take one wait longer.
    """

    def __init__(self, sock: socket.socket, waits: int) -> None:
        super().__init__()
        self._bytes = sock.makefile("rb", buffering=0)
        self._ends_at = time.monotonic() + waits * (sock.gettimeout() or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() > self._ends_at:
            raise TimeoutError(0, "it came too slowly")
        return self._bytes.readinto(buffer)

    def close(self) -> None:
        self._bytes.close()
        super().close()


class _TimedResponse(FinalResponse):
    """Status line, headers, chunk marks and body alike come through _TimedBytes."""

    def __init__(self, sock: socket.socket, *rest: Any, **more: Any) -> None:
        super().__init__(sock, *rest, **more)
        self.fp.close()
        waits = GET_WAITS if more.get("method") == "GET" else 1
        self.fp = io.BufferedReader(_TimedBytes(sock, waits))


class SiteConnection(HTTPConnection):
    """Asks once more, on a new connection, when the site had quietly closed a kept-alive one.

    Whether it closed before or after it read the request cannot be known.  Both calls that we make
    may be repeated: a DELETE that was carried out after all is then answered with "does not exist".
    """

    response_class = _TimedResponse
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
    """Connection over TLS that asks once more when a kept-alive one had been closed quietly."""
