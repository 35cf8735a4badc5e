"""A wire between the program and the site that does mischief to one exchange; it judges nothing.

Each request gets a number, in the order in which they come over all connections.  The site's answer
is taken whole before it is passed on, so that it can be cut at any byte.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from random import Random
from typing import NamedTuple, Self
from urllib.parse import urlsplit

END = b"\r\n\r\n"
LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
CHUNKED = re.compile(rb"^transfer-encoding: *chunked", re.IGNORECASE | re.MULTILINE)
NEVER_S = 60.0
"""No wait of the proxy is longer."""
ALONE_S = 0.5
"""So long an answer waits for others to be released with it: a canary's would wait for ever."""
NO_LINGER = struct.pack("ii", 1, 0)


class Mischief(NamedTuple):
    """What is done to exchange `number`; `share` says how far into request or answer.

    `share` 0 to 1 is of the head (below 0.5) or of the body: 0.25 is in the middle of the head, 0.5
    just behind it, 1 the last byte.  `how` is "end" (FIN), "reset" (RST) or "silence".
    """

    number: int
    kind: str
    share: float = 0.0
    how: str = "end"
    seconds: float = 0.0

    def __str__(self) -> str:
        where = f" at {self.share:g}" if self.kind in ("request", "answer") else ""
        return f"exchange {self.number}: {self.label}{where}"

    @property
    def label(self) -> str:
        """The line of the table that it counts for."""
        if self.kind not in ("request", "answer"):
            return KINDS[self.kind] + (f", by {self.how}" if self.kind == "hangs up" else "")
        part = "before anything" if self.share == 0 else _part(self.share)
        return f"{KINDS[self.kind]} {part}, then {self.how}"


KINDS = {
    "request": "request broken off",
    "answer": "answer broken off",
    "late": "answer held back, within the time limit",
    "too late": "answer held back beyond the time limit",
    "drips": "answer in pieces of a few bytes",
    "hangs up": "connection ended behind the answer",
    "reorders": "answers of deletes released in another order",
}


def _part(share: float) -> str:
    if share < 0.5:
        return "in the head"
    return "behind the head" if share == 0.5 else "in the body"


def place(message: bytes, share: float) -> int:
    """How many bytes of a message lie before `share` of it; never all of them."""
    head = message.index(END) + len(END)
    if share < 0.5:
        at = round(head * 2 * share)
    else:
        at = head + round((len(message) - head) * 2 * (share - 0.5))
    return min(at, len(message) - 1)


class Proxy:
    """Listens on a port of its own while the `with` lasts; `reached` = the mischief was done."""

    def __init__(self, site_url: str, mischief: Mischief | None, seed: str = "") -> None:
        self._target = urlsplit(site_url)
        self._mischief = mischief
        self._random = Random(seed)
        self._lock = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._held: list[int] = []
        self._turns: list[int] = []
        self.exchanges: list[str] = []
        self.reached = False

    @property
    def url(self) -> str:
        """The site's URL by way of this proxy."""
        host, port = self._listener.getsockname()[:2]
        return f"http://{host}:{port}{self._target.path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for one in self._open:
                _end(one)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:  # it was closed, and this proxy with it
                return
            threading.Thread(target=self._connection, args=(client,), daemon=True).start()

    def _connection(self, client: socket.socket) -> None:
        host, port = str(self._target.hostname), int(self._target.port or 80)
        with client, socket.create_connection((host, port), NEVER_S) as site:
            client.settimeout(NEVER_S)
            for one in (client, site):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {client, site}
            try:
                while request := _message(client):
                    self._exchange(client, site, request)
            except (OSError, EOFError):  # either side hung up, or we did
                return
            finally:
                with self._lock:
                    self._open -= {client, site}

    def _exchange(self, client: socket.socket, site: socket.socket, request: bytes) -> None:
        with self._lock:
            self.exchanges.append(request.split(b" HTTP", 1)[0].decode("latin-1"))
            number = len(self.exchanges)
        mischief = self._mischief
        if mischief and mischief.kind == "reorders" and request.startswith(b"DELETE"):
            site.sendall(request)
            self._reordered(client, _answer(site), number)
            return
        if mischief is None or mischief.number != number:
            site.sendall(request)
            client.sendall(_answer(site))
            return
        self.reached = True
        if mischief.kind == "request":
            site.sendall(request[: place(request, mischief.share)] if mischief.share else b"")
            self._hang_up(client, site, mischief.how)
        site.sendall(request)
        self._twisted(client, site, _answer(site), mischief)

    def _twisted(
        self, client: socket.socket, site: socket.socket, answer: bytes, mischief: Mischief
    ) -> None:
        if mischief.kind == "answer":
            client.sendall(answer[: place(answer, mischief.share)] if mischief.share else b"")
            self._hang_up(client, site, mischief.how)
        if mischief.kind in ("late", "too late"):
            self._closing.wait(mischief.seconds)
        if mischief.kind == "drips":
            self._drip(client, answer)
            return
        client.sendall(answer)
        if mischief.kind == "hangs up":
            self._hang_up(client, site, mischief.how)

    def _hang_up(self, client: socket.socket, site: socket.socket, how: str) -> None:
        """End both sides, or say nothing more until the client has had enough."""
        if how == "silence":
            while client.recv(4096):
                continue
        if how == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            client.close()
        else:
            _end(client)
        _end(site)
        raise EOFError

    def _drip(self, client: socket.socket, answer: bytes) -> None:
        """A few bytes at a time, each in a packet of its own; large bodies in larger pieces."""
        at = 0
        while at < len(answer):
            size = self._random.randint(1, 7 + len(answer) // 100)
            client.sendall(answer[at : at + size])
            at += size
            time.sleep(0.0002)

    def _reordered(self, client: socket.socket, answer: bytes, number: int) -> None:
        """Hold answers until enough are here, then let them go in any order; none waits for long.

        `number` of the mischief is how many are waited for: connections are few.
        """
        assert self._mischief is not None
        with self._lock:
            self._held.append(number)
            if len(self._held) >= self._mischief.number:
                self._turns = self._random.sample(self._held, len(self._held))
                if self._turns == sorted(self._turns):
                    self._turns.reverse()
                self._lock.notify_all()
            self._lock.wait_for(lambda: self._turns[:1] == [number], ALONE_S)
            self.reached = self.reached or number != min(self._held)
            self._held.remove(number)
            self._turns = [turn for turn in self._turns if turn != number]
            client.sendall(answer)
            self._lock.notify_all()


def _end(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:  # it is closed already
        return


def _message(one: socket.socket) -> bytes:
    """One request, which has no body; b"" when the client has none any more."""
    message = b""
    while END not in message:
        piece = one.recv(65536)
        if not piece:
            return b""
        message += piece
    return message


def _answer(site: socket.socket) -> bytes:
    """One answer, head and body, as it came."""
    message = _more(site)
    while END not in message:
        message += _more(site)
    head, _, body = message.partition(END)
    if CHUNKED.search(head):
        while not body.endswith(b"0\r\n\r\n"):
            body += _more(site)
    else:
        told = LENGTH.search(head)
        while len(body) < int(told[1] if told else 0):
            body += _more(site)
    return head + END + body


def _more(site: socket.socket) -> bytes:
    piece = site.recv(65536)
    if not piece:
        raise EOFError
    return piece
