"""HTTP on this machine for a stand-in: framing, keep-alive, TLS; it never decides what to answer.

A stand-in gives a function from Call to Answer.  An Answer says byte for byte how it is sent, so
that a fault (a body that breaks off, a connection that drops) is an Answer like any other.
"""

from __future__ import annotations

import json
import socket
import socketserver
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, Self

JSON = "application/json;charset=UTF-8"
HTML = "text/html;charset=UTF-8"
LARGEST_WHOLE = 32 * 1024
"""Bytes; a larger body is sent in chunks, as Tomcat does once its buffer is full."""

TLSFiles = tuple[str | Path, str | Path]
"""Certificate file and key file, both PEM."""


class Call(NamedTuple):
    """One request as it came: `path` is still quoted, `query` is what stands behind the '?'."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class WireAnswer:
    """What is sent for a Call, in `pieces` that are flushed one by one.

    `status` 0: the connection is closed without an answer.  `length` is the Content-Length that is
    claimed, None = chunked.  `breaks`: the connection ends after the last piece, whole or not.
    """

    status: int
    pieces: Iterable[bytes] = ()
    length: int | None = 0
    headers: tuple[tuple[str, str], ...] = ()
    breaks: bool = False

    def body(self) -> bytes:
        """All pieces as one; what was taken from an iterator cannot be sent any more."""
        return b"".join(self.pieces)


DROPPED = WireAnswer(0)
"""The connection ends and nothing is said."""


def whole(body: bytes, kind: str = JSON, status: int = 200) -> WireAnswer:
    """An answer with this body, in chunks when it is large."""
    return in_pieces((body,), len(body), kind, status)


def in_pieces(
    pieces: Iterable[bytes], size: int, kind: str = JSON, status: int = 200
) -> WireAnswer:
    """An answer whose body is made while it is sent; `size` is its length in bytes."""
    length = size if size <= LARGEST_WHOLE else None
    return WireAnswer(status, pieces, length, (("Content-Type", kind),))


def refusal(status: int, message: str, path: str) -> WireAnswer:
    """An error as Spring words it: timestamp (epoch ms), status, error, message, path."""
    told = {
        "timestamp": time.time_ns() // 1_000_000,
        "status": status,
        "error": responses.get(status, "Unknown"),
        "message": message,
        "path": path,
    }
    return whole(compact(told), status=status)


def compact(value: object) -> bytes:
    """JSON without spaces, as UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class LocalServer(ThreadingHTTPServer):
    """Answers on 127.0.0.1, one daemon thread a connection, until `close`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        answer: Callable[[Call], WireAnswer],
        *,
        port: int,
        keep_alive_requests: int,
        tls: TLSFiles | None,
        conversation: Callable[..., BaseHTTPRequestHandler],
    ) -> None:
        self.answer = answer
        self.keep_alive_requests = keep_alive_requests
        self.connections = 0
        self._tls: ssl.SSLContext | None = None
        if tls is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*tls)
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        super().__init__(("127.0.0.1", port), conversation)

    @property
    def port(self) -> int:
        """The port that it listens on, also when 0 was asked for."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Begin to accept connections."""
        self._thread.start()

    def close(self) -> None:
        """End every connection, also those in the middle of an answer, and give the port back."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._open_lock:
            self._closed = True
            for connection in self._open:
                with suppress(OSError):  # the client was first
                    connection.shutdown(socket.SHUT_RDWR)

    def server_bind(self) -> None:
        """Bind without asking the name service for this host's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.port

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection and count it."""
        accepted: tuple[socket.socket, Any] = super().get_request()
        self.connections += 1
        return accepted

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Talk on one connection, in its own thread; with TLS the first read shakes hands."""
        if self._tls is None:
            self._converse(request, client_address)
            return
        with self._tls.wrap_socket(
            request, server_side=True, do_handshake_on_connect=False
        ) as sealed:
            self._converse(sealed, client_address)

    def _converse(self, connection: socket.socket, client_address: Any) -> None:
        with self._open_lock:
            if self._closed:
                return
            self._open.add(connection)
        try:
            super().finish_request(connection, client_address)
        finally:
            with self._open_lock:
                self._open.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hung up or refuse our certificate: tests do that often."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Conversation(BaseHTTPRequestHandler):
    """One connection, kept alive for as many requests as the server allows."""

    protocol_version = "HTTP/1.1"
    server_version = "Apache-Coyote/1.1"
    sys_version = ""
    wbufsize = 64 * 1024  # head and body leave in one packet
    disable_nagle_algorithm = True  # else small pieces wait 40 ms for an acknowledgement
    server: LocalServer
    _served = 0

    def converse(self) -> None:
        """Answer one request of any method."""
        self._send(self.server.answer(self._call(self._body())))

    do_GET = do_DELETE = do_POST = do_PUT = do_PATCH = converse

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _call(self, body: bytes) -> Call:
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Call(self.command, path, query, headers, body)

    def _send(self, answer: WireAnswer) -> None:
        self._served += 1
        if answer.breaks or not answer.status or self._served >= self.server.keep_alive_requests:
            self.close_connection = True
        if answer.status:
            self._send_head(answer)
            self._send_body(answer)

    def _send_head(self, answer: WireAnswer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(answer.length))
        if self.close_connection and not answer.breaks:
            self.send_header("Connection", "close")
        self.end_headers()

    def _send_body(self, answer: WireAnswer) -> None:
        for piece in filter(None, answer.pieces):
            framed = piece if answer.length is not None else b"%x\r\n%b\r\n" % (len(piece), piece)
            self.wfile.write(framed)
            self.wfile.flush()
        if answer.length is None and not answer.breaks:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing; the stand-in keeps its own list of requests."""


class StandIn:
    """Answers on 127.0.0.1 while the `with` lasts, or from `start` to `stop`; `_answer` says what.

    Started anew, it listens on the port that it had.  `conversation` talks on each connection.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        keep_alive_requests: int,
        tls: TLSFiles | None = None,
        conversation: Callable[..., BaseHTTPRequestHandler] = Conversation,
    ) -> None:
        self._port, self._keep_alive_requests, self._tls = port, keep_alive_requests, tls
        self._conversation = conversation
        self._server: LocalServer | None = None
        self._closing = threading.Event()
        self._accepted_before = 0  # connections of servers that were stopped

    def _answer(self, call: Call) -> WireAnswer:
        raise NotImplementedError

    def start(self) -> None:
        """Listen."""
        self._closing.clear()
        self._server = LocalServer(
            self._answer,
            port=self._port,
            keep_alive_requests=self._keep_alive_requests,
            tls=self._tls,
            conversation=self._conversation,
        )
        self._port = self._server.port
        self._server.start()

    def stop(self) -> None:
        """End every connection and listen no more."""
        self._closing.set()
        if self._server is not None:
            self._server.close()
            self._accepted_before += self._server.connections
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    @property
    def connections(self) -> int:
        """TCP connections accepted so far."""
        return self._accepted_before + (self._server.connections if self._server else 0)
