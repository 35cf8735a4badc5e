"""A server that answers some requests byte for byte as told, and passes the others on; no test.

What it is told is a function from nothing to pieces of bytes: head, body and all.  The connection
ends behind them.  It stands in front of a study site, which answers everything else.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterable
from http.client import HTTPConnection
from types import TracebackType
from typing import Any, Self

from mtdata.demo.study.site import StudySite

Told = Callable[[], Iterable[bytes]]
PASSED_ON = ("Authorization", "Cookie")


class _Conversation(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        try:
            while (line := self.rfile.readline()) and self._answered(line):
                self.wfile.flush()
        except OSError:
            return  # the client had enough

    def _answered(self, line: bytes) -> bool:
        method, target, _ = line.decode("latin-1").split(" ", 2)
        headers = {}
        while (line := self.rfile.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name] = value.strip()
        self.server.longest = max(self.server.longest, sum(map(len, headers.values())))
        place = method, target.partition("/export")[2].strip("/")
        told = self.server.told.get(place)
        if told is None:
            self.wfile.write(self.server.honest(method, target, headers))
            return True
        for piece in told():
            if self.server.over.is_set():
                break
            self.wfile.write(piece)
        return False


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, site: StudySite, told: dict[tuple[str, str], Told]) -> None:
        self.site, self.told, self.over = site, told, threading.Event()
        self.longest = 0
        super().__init__(("127.0.0.1", 0), _Conversation)

    def honest(self, method: str, target: str, headers: dict[str, str]) -> bytes:
        host, port = self.site.base_url.removeprefix("http://").split(":")
        connection = HTTPConnection(host, int(port), timeout=30)
        try:
            passed = {name: value for name, value in headers.items() if name in PASSED_ON}
            connection.request(method, target, headers=passed)
            answer = connection.getresponse()
            body = answer.read()
            cookies = "".join(
                f"{name}: {value}\r\n"
                for name, value in answer.getheaders()
                if name in ("Set-Cookie", "Content-Type")
            )
            head = f"HTTP/1.1 {answer.status} OK\r\n{cookies}Content-Length: {len(body)}\r\n\r\n"
            return head.encode("latin-1") + body
        finally:
            connection.close()


class CrookedSite:
    """The server at `url`; `told` is by method and what stands behind /export/ ('' = listing)."""

    def __init__(self, site: StudySite) -> None:
        self.told: dict[tuple[str, str], Told] = {}
        self._server = _Server(site, self.told)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def url(self) -> str:
        """What SERVER names."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/api"

    @property
    def longest_head(self) -> int:
        """Characters of the headers of the request that had most of them."""
        return self._server.longest

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def head(status: object = 200, *lines: str, reason: str = "OK") -> bytes:
    """A status line and headers, as they stand."""
    return "\r\n".join([f"HTTP/1.1 {status} {reason}", *lines, "", ""]).encode("latin-1")


def whole(body: bytes, *lines: str, status: object = 200) -> bytes:
    """An answer with its true length."""
    return head(status, *lines, f"Content-Length: {len(body)}") + body


def chunked(
    *chunks: tuple[str, bytes], lines: Iterable[str] = (), end: bytes = b"0\r\n\r\n"
) -> Any:
    """An answer in chunks whose sizes are as told."""
    body = b"".join(size.encode("latin-1") + b"\r\n" + chunk + b"\r\n" for size, chunk in chunks)
    return head(200, *lines, "Transfer-Encoding: chunked") + body + end
