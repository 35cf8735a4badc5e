"""A server that speaks HTTP by hand: a store's client gets from it what no store gives.

Each kind of nonsense is a function in `NONSENSE`; it is given the connection.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HEAD = b"HTTP/1.1 200 OK\r\n"
DRIP_S = 0.02


class Line:
    """One connection of the server; it counts what was taken from it."""

    def __init__(self, line: socket.socket) -> None:
        self._line, self.method, self.path, self.sent, self.is_open = line, "", "", 0, True

    def send(self, content: bytes) -> None:
        self._line.sendall(content)
        self.sent += len(content)

    def hang_up(self) -> None:
        self.is_open = False


Say = Callable[[Line], None]


def answer(*lines: str, status: str = "200 OK", body: bytes = b"") -> Say:
    """An answer with these headers, and the length of its body where none of them is that."""
    told = "".join(f"{one}\r\n" for one in lines)
    if not any(one.lower().startswith(("content-length", "transfer-encoding")) for one in lines):
        told += f"Content-Length: {len(body)}\r\n"
    head = f"HTTP/1.1 {status}\r\n{told}\r\n".encode()
    return lambda line: line.send(head if line.method == "HEAD" else head + body)


def _endless(start: bytes, more: bytes) -> Say:
    """It never ends, and comes as fast as it is taken."""

    def say(line: Line) -> None:
        line.send(start)
        while True:
            line.send(more)

    return say


def _dripping(start: bytes, more: bytes) -> Say:
    """A byte now and then, so that no wait for the next is long."""

    def say(line: Line) -> None:
        line.send(start)
        waits = threading.Event()
        while not waits.wait(DRIP_S):
            line.send(more)

    return say


def _goes_on_and_hangs_up(line: Line) -> None:
    line.send(b"HTTP/1.1 100 Continue\r\n")
    line.hang_up()


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
NONSENSE: dict[str, Say] = {
    "a body without end": _endless(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    "a body without end, till the line is closed": _endless(HEAD + b"\r\n", b"x" * 65536),
    "a refusal without end": _endless(b"HTTP/1.1 403 x\r\n\r\n", b"<" * 65536),
    "a head without end": _endless(HEAD, b"X: " + b"x" * 60000 + b"\r\n"),
    "interim answers without end": _endless(b"", b"HTTP/1.1 102 x\r\n\r\n"),
    "a body that drips": _dripping(CHUNKED, b"1\r\nx\r\n"),
    "a head that drips": _dripping(HEAD + b"X: ", b"x"),
    "a date that is none": answer("Last-Modified: Mon, 99 Foo 99999"),
    "round and round": answer("Location: /again", status="307 Temporary Redirect"),
    "another region that is none": answer("x-amz-bucket-region: @evil", status="301 x"),
    "a length of 5,000 digits": answer("Content-Length: " + "9" * 5000),
    "a length below nothing": answer("Content-Length: -5"),
    "a chunk below nothing": _endless(CHUNKED + b"-1\r\n", b"x" * 65536),
    "nothing": answer(),
    "a web page": answer("Content-Type: text/html", body=b"<html><p>hello, cows<br></html>"),
    "a refusal of another shape": answer(status="400 x", body=b"<Error>cows</Error>"),
    "another protocol": answer("Upgrade: cows", status="101 Switching Protocols"),
    "a mark of nothing": answer("ETag: cows", "x-amz-version-id: cows"),
    "go on, and a closed line": _goes_on_and_hangs_up,
}
"""What a store may answer to anything at all."""


class Nonsense:
    """A listener whose answers are those of `say`."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.lines: list[Line] = []
        self.asked: list[tuple[str, str]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, accepted: socket.socket) -> None:
        line = Line(accepted)
        self.lines.append(line)
        with accepted, accepted.makefile("rb") as said:
            try:
                while line.is_open and (words := said.readline().decode("latin-1").split()):
                    length = 0
                    while header := said.readline().strip().lower():
                        if header.startswith(b"content-length:"):
                            length = int(header.partition(b":")[2])
                    said.read(length)
                    line.method, line.path = words[:2]
                    self.asked.append((line.method, line.path))
                    self.say(line)
            except OSError:  # who asked has had enough of it
                return

    @property
    def sent(self) -> int:
        """The most bytes that were taken on one connection."""
        return max((line.sent for line in self.lines), default=0)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def nonsense(say: Say) -> Iterator[Nonsense]:
    """Such a server that is there."""
    server = Nonsense(say)
    try:
        yield server
    finally:
        server.close()
