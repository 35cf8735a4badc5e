"""DELETEs over several kept-alive connections at once, from one thread; it judges no answer.

Through `requests` or urllib3 one costs some 300 µs of processor time, here a tenth: bytes out,
bytes in, one look.  Only the usual answer is read here (HTTP/1.1, Content-Length, a small body).
Whatever else comes, the id is given back without one, to be asked the ordinary way; a DELETE may
be repeated (http.py).  Of a site that is too busy (429, 503) all answers under way are heard, then
it is left alone for a while, and the ids are asked for again.
"""

from __future__ import annotations

import re
import selectors
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

from mtdata.study.collectors.delete_width import DeleteWidth

MOST = 64 * 1024
END = b"\r\n\r\n"
HEAD = re.compile(rb"HTTP/1\.1 [2-9]\d\d[^\r\n]*+\r\n(?:[^\r\n]++\r\n)*+\r\n")
LENGTH = re.compile(rb"^content-length: *(\d{1,5})\r$", re.IGNORECASE | re.MULTILINE)
KIND = re.compile(rb"^content-type: *+([^\r\n]*)\r$", re.IGNORECASE | re.MULTILINE)
CLOSES = re.compile(rb"^connection: *close\r$", re.IGNORECASE | re.MULTILINE)
COOKIE = re.compile(rb"^set-cookie:", re.IGNORECASE | re.MULTILINE)
AFTER = re.compile(rb"^retry-after: *(\d{1,5})\r$", re.IGNORECASE | re.MULTILINE)
UNUSUAL = re.compile(rb"^(?:transfer|content)-encoding:", re.IGNORECASE | re.MULTILINE)

TOO_BUSY = frozenset({429, 503})
BREATH_S = 0.5
"""How long a site that is too busy is left alone at least."""
Reply = tuple[int, str, bytes]
"""Status, media type, body."""
Ids = Iterator[int]


class Unusual(Exception):
    """An answer that is not for this room."""


@dataclass(frozen=True, slots=True, repr=False)
class PipelinedRoute:
    """How a site is reached: by whoever knows its password, cookies and certificates."""

    connect: Callable[[], Any]  # a connection with an open `sock`; raises `faults`
    give_back: Callable[[Any], None]  # one that nothing is outstanding on
    request: Callable[[int], bytes]  # the whole request for an id, as things stand
    cookies: Callable[[bytes], None]  # takes the head of an answer that sets some; or Unusual
    faults: tuple[type[BaseException], ...]
    timeout_s: float  # for the answer as a whole


class _Connection:
    """One connection, at most one request outstanding on it."""

    def __init__(self, route: PipelinedRoute) -> None:
        self._route = route
        self._connection = route.connect()
        self._answers = 0
        self._buffer, self._head, self._length = bytearray(), b"", 0
        self.id = 0
        self.since = self.until = 0.0
        self.wait_s = 0.0  # what a site that is too busy wants, by its last answer

    @property
    def sock(self) -> Any:
        """What a selector waits for."""
        return self._connection.sock

    def ask(self, id: int) -> None:
        """Send the request for an id."""
        self.id, self._buffer, self._head = id, bytearray(), b""
        self.since = monotonic()
        self.until = self.since + self._route.timeout_s
        self.sock.sendall(self._route.request(id))

    def hear(self) -> Reply | None:
        """The answer when it is whole, None while more must come; Unusual or a fault otherwise.

        ConnectionResetError where the site hung up.
        """
        piece = self.sock.recv(MOST)
        if not piece:
            raise ConnectionResetError
        before = len(self._buffer)
        self._buffer += piece
        if len(self._buffer) > MOST:
            raise Unusual
        return self._whole(max(0, before - len(END) + 1))

    def _whole(self, seen: int) -> Reply | None:
        """The head is looked for in what is new, and read once: byte by byte it comes no dearer."""
        if not self._head:
            end = self._buffer.find(END, seen)
            if end < 0:
                return None
            self._head = bytes(self._buffer[: end + len(END)])
            self._length = _length(self._head)
        missing = len(self._head) + self._length - len(self._buffer)
        if missing < 0:
            raise Unusual
        return None if missing else self._reply()

    def _reply(self) -> Reply:
        head = self._head
        self._answers += 1
        if COOKIE.search(head):
            self._route.cookies(head[head.index(b"\r\n") + 2 : -2])
        if CLOSES.search(head):
            self.close()
        status = int(head[9:12])
        if status in TOO_BUSY:
            after = AFTER.search(head)
            self.wait_s = max(BREATH_S, float(after.group(1)) if after else 0.0)
        kind = KIND.search(head)
        told = kind.group(1).decode("latin-1").lower() if kind else ""
        return status, told, bytes(self._buffer[len(head) :])

    def is_stale(self) -> bool:
        """Whether the site may just have closed it quietly, between two requests."""
        return self._answers > 0 and not self._buffer

    def reopen(self) -> None:
        """A new connection in the place of the old one, if that is closed or stale."""
        self.close()
        self._connection, self._answers = self._route.connect(), 0

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def give_back(self) -> None:
        """Leave the connection to others; nothing may be outstanding on it."""
        self._route.give_back(self._connection)


def _length(head: bytes) -> int:
    """How long the body is; Unusual for a head that is not for this room."""
    told = LENGTH.search(head)
    if told is None or not HEAD.fullmatch(head) or UNUSUAL.search(head):
        raise Unusual
    return int(told.group(1))


class PipelinedDeletes:
    """As many connections as `width` says; at the first that is unusual no more ids are taken."""

    def __init__(
        self, route: PipelinedRoute, width: DeleteWidth, pause: Callable[[float], None] = sleep
    ) -> None:
        self._route, self._width, self._pause = route, width, pause
        self._waiting = selectors.DefaultSelector()
        self._asked: dict[Any, _Connection] = {}  # those with a request outstanding, by socket
        self._idle: list[_Connection] = []
        self._again: deque[int] = deque()  # ids that the site was too busy for
        self._wait_s = 0.0  # before anything more is asked; 0 = it may be
        self._usual = True
        self._unusual: tuple[type[BaseException], ...] = (Unusual, *route.faults)

    def sweep(self, ids: Ids, wanted: Callable[[], bool]) -> Iterator[tuple[int, Reply | None]]:
        """Ask for each id; what became of it, None = ask the ordinary way.

        `ids` is only taken from when a connection is free, and while they are `wanted`.
        """
        try:
            while True:
                while self._has_room() and wanted():
                    id = self._again.popleft() if self._again else next(ids, None)
                    if id is None:
                        break
                    if not self._send(id):
                        yield id, None
                if self._asked:
                    yield from self._listen()
                elif self._wait_s and wanted():
                    self._leave_alone()
                else:
                    yield from ((id, None) for id in self._again)
                    return
        finally:
            self._waiting.close()
            for connection in self._asked.values():
                connection.close()
            for connection in self._idle:
                connection.give_back()

    def _has_room(self) -> bool:
        return self._usual and not self._wait_s and len(self._asked) < self._width.now

    def _leave_alone(self) -> None:
        self._width.waits(self._wait_s)
        self._pause(self._wait_s)
        self._wait_s = 0.0

    def _send(self, id: int) -> bool:
        """Send it on a free connection, or keep it; False when that cannot be done here."""
        try:
            connection = self._idle.pop() if self._idle else _Connection(self._route)
            if connection.sock is None:
                connection.reopen()
            self._ask(connection, id)
        except self._route.faults:
            return self._takes_no_more(id)
        return True

    def _takes_no_more(self, id: int) -> bool:
        """Whether one connection less will do, and the id waits for one; else all is unusual."""
        there = len(self._asked) + len(self._idle)
        self._usual = self._usual and self._width.takes_no_more(there)
        if self._usual:
            self._again.append(id)
        return self._usual

    def _ask(self, connection: _Connection, id: int) -> None:
        try:
            connection.ask(id)
        except self._route.faults:
            if not connection.is_stale():
                raise
            connection.reopen()
            connection.ask(id)
        self._asked[connection.sock] = connection
        self._waiting.register(connection.sock, selectors.EVENT_READ)

    def _listen(self) -> Iterator[tuple[int, Reply | None]]:
        soonest = min(connection.until for connection in self._asked.values())
        for key, _ in self._waiting.select(max(0.0, soonest - monotonic())):
            connection = self._asked[key.fileobj]
            try:
                reply = connection.hear()
            except self._unusual as fault:
                self._forget(key.fileobj)
                if not self._once_more(connection, is_dropped=not isinstance(fault, Unusual)):
                    yield connection.id, None
                continue
            if reply is not None:
                self._forget(key.fileobj)
                if self._is_too_busy(connection, reply[0]):
                    connection.close()  # so many may be what it is too busy for
                    continue
                self._idle.append(connection)
                yield connection.id, reply
        for sock, connection in list(self._asked.items()):
            if monotonic() > connection.until:
                self._forget(sock)
                connection.close()
                self._usual = False
                yield connection.id, None

    def _is_too_busy(self, connection: _Connection, status: int) -> bool:
        """Whether the id waits until the site has recovered; other answers tell how it fares."""
        wait_s = max(self._wait_s, connection.wait_s)
        if status in TOO_BUSY and self._width.may_wait(wait_s):
            self._again.append(connection.id)
            self._wait_s = wait_s
            return True
        if status < 300:
            self._width.answered(monotonic() - connection.since)
        return False

    def _once_more(self, connection: _Connection, *, is_dropped: bool) -> bool:
        """Whether it is asked again: the site had closed it quietly, or takes no new one."""
        if connection.is_stale():
            try:
                connection.reopen()
                self._ask(connection, connection.id)
            except self._route.faults:
                is_dropped = True
            else:
                return True
        connection.close()
        if is_dropped:
            return self._takes_no_more(connection.id)
        self._usual = False
        return False

    def _forget(self, sock: Any) -> None:
        self._waiting.unregister(sock)
        del self._asked[sock]
