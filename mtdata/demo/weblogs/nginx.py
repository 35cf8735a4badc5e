"""The web server before the stand-in for Matomo: its pages, limits and ways to hang up."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from http.client import responses
from typing import Any

from mtdata.demo.wire import Call, Conversation, WireAnswer, whole

RESET = WireAnswer(0, breaks=True)
"""The connection is reset, and nothing is said."""
MOST_DRAINED = 64 * 2**20
_PIECE = 64 * 1024


def nginx_page(status: int) -> WireAnswer:
    """The page that nginx has for an error of its own."""
    title = f"{status} {responses.get(status, 'Error')}"
    if status == 413:
        title = "413 Request Entity Too Large"
    if status == 504:
        title = "504 Gateway Time-out"
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>"
        "</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return whole(body.encode(), "text/html", status)


def declared_length(call: Call) -> int:
    """Bytes of the body by Content-Length, 0 for a chunked one.  ValueError for nonsense."""
    return int(call.headers.get("content-length") or 0)


class NginxConversation(Conversation):
    """Takes chunked bodies, and may answer or hang up before it read the body.

    `early` is asked with the head alone; what it gives is sent at once, and the connection ends.
    """

    server_version = "nginx"

    def __init__(self, *connection: Any, early: Callable[[Call], WireAnswer | None]) -> None:
        self._early = early
        super().__init__(*connection)  # which talks until the connection ends

    def converse(self) -> None:
        """Answer one request of any method."""
        answer = self._early(self._call(b""))
        if answer is None:
            super().converse()
            return
        self.close_connection = True
        if answer.status:
            self._drain()
        self._send(answer)

    do_GET = do_DELETE = do_POST = do_PUT = do_PATCH = do_OPTIONS = converse

    def _drain(self) -> None:
        """Take the body in and forget it: a client that still sends would miss the answer."""
        try:
            left = min(declared_length(self._call(b"")), MOST_DRAINED)
        except ValueError:
            return
        while left > 0 and (piece := self.rfile.read(min(left, _PIECE))):
            left -= len(piece)

    def _body(self) -> bytes:
        """The body; ConnectionError, which ends the connection, for one that breaks off."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        body = super()._body()
        if len(body) < declared_length(self._call(b"")):
            raise ConnectionAbortedError("the client went in the middle of its body")
        return body

    def _chunks(self) -> bytes:
        body = bytearray()
        try:
            while size := int(self.rfile.readline(_PIECE).partition(b";")[0], 16):
                if not 0 < size <= MOST_DRAINED - len(body):
                    raise ConnectionAbortedError("more than anybody sends")
                body += self.rfile.read(size)
                self.rfile.readline(_PIECE)
        except ValueError:
            raise ConnectionAbortedError("no length of a chunk") from None
        while self.rfile.readline(_PIECE).strip():
            continue  # a trailer
        return bytes(body)

    def _send(self, answer: WireAnswer) -> None:
        if answer != RESET:
            super()._send(answer)
            return
        self.close_connection = True
        unsaid = struct.pack("ii", 1, 0)  # whatever is unsent is thrown away, and RST goes out
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, unsaid)
        self.connection.close()  # before the server's own way, which would say goodbye first
