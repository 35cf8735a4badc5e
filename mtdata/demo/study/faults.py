"""What can go wrong on a server, each kind one function and one line of a table, never by chance.

A fault wraps what would have been answered.  The newest is asked first; one that lets the request
through (`slow`, `stale_size`) passes it on to the older ones, so that faults can be combined.
"""

from __future__ import annotations

import inspect
import json
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from mtdata.demo.wire import DROPPED, HTML, WireAnswer, compact, in_pieces, refusal, whole

NO_SUCH_ITEM = "Item with that ID does not exist."
NO_SUCH_SCALE = "We have no questionnaire by that name."
IMPORT_MODE = "This server is not configured to respond to these requests."
MUST_REMAIN = "This data must remain on the server, and cannot be removed."
NOT_LOGGED_IN = "Full authentication is required to access this resource"

LOGIN_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>MindTrails - Login</title></head><body>"
    b'<form action="/login" method="post"><input name="username"/>'
    b'<input type="password" name="password"/></form></body></html>\n'
)
MAINTENANCE_PAGE = b"<html><body><h1>We will be back soon</h1></body></html>\n"


@dataclass(frozen=True)
class StudyExchange:
    """A request on its way through the faults.

    `scale` is what it asks for, '' for the listing, None for anything else; `aim` is the scale that
    the fault names; `serve` goes on to the true answer.  `pause(seconds)` says whether the server
    is stopping and ends early when it does, `pause(None)` only then.
    """

    method: str
    path: str
    scale: str | None
    serve: Callable[[], WireAnswer]
    pause: Callable[[float | None], object]
    aim: str | None = None


def _unauthorized(exchange: StudyExchange) -> WireAnswer:
    return refusal(401, NOT_LOGGED_IN, exchange.path)


def _must_remain(exchange: StudyExchange) -> WireAnswer:
    return refusal(403, MUST_REMAIN, exchange.path)


def _login_page(exchange: StudyExchange) -> WireAnswer:
    return whole(LOGIN_PAGE, HTML)


def _html(
    exchange: StudyExchange, *, body: bytes = MAINTENANCE_PAGE, code: int = 200
) -> WireAnswer:
    return whole(body, HTML, code)


def _status(
    exchange: StudyExchange, *, code: int, message: str = "No message available"
) -> WireAnswer:
    return refusal(code, message, exchange.path)


def _truncated(
    exchange: StudyExchange, *, chunked: bool = False, keep: int | None = None
) -> WireAnswer:
    """The first `keep` bytes, half of the body when not told."""
    answer = exchange.serve()
    body = answer.body()
    kept = body[: len(body) // 2 if keep is None else keep]
    return replace(answer, pieces=(kept,), length=None if chunked else len(body), breaks=True)


def _slow(exchange: StudyExchange, *, delay_s: float) -> WireAnswer:
    exchange.pause(delay_s)
    return exchange.serve()


def _drip(exchange: StudyExchange, *, pause_s: float, piece: int = 16) -> WireAnswer:
    """`piece` bytes at a time, a pause before each."""
    answer = exchange.serve()
    body = answer.body()

    def drops() -> Iterator[bytes]:
        for start in range(0, len(body), piece):
            exchange.pause(pause_s)
            yield body[start : start + piece]

    return replace(answer, pieces=drops(), length=len(body))


def _hang(exchange: StudyExchange) -> WireAnswer:
    exchange.pause(None)
    return DROPPED


def _drop(exchange: StudyExchange, *, after: bool = False) -> WireAnswer:
    """Hang up; `after` the request was carried out, or instead of it."""
    if after:
        exchange.serve()
    return DROPPED


def _redirect(
    exchange: StudyExchange, *, location: str = "http://127.0.0.1:1/", code: int = 302
) -> WireAnswer:
    return replace(whole(b"", HTML, code), headers=(("Location", location),))


def _endless(
    exchange: StudyExchange, *, piece: bytes = b'{"id":1,"note":"and so on"},'
) -> WireAnswer:
    """A package that begins and goes on until the client or the server leaves."""

    def on_and_on() -> Iterator[bytes]:
        yield b"["
        block = piece * (8192 // len(piece) + 1)
        while not exchange.pause(0):
            yield block

    return replace(whole(b""), pieces=on_and_on(), length=None)


def _garbled(exchange: StudyExchange, *, bytes: bytes) -> WireAnswer:
    """This body, whatever it is, as JSON."""
    return whole(bytes)


def _gzip(exchange: StudyExchange, *, size_mb: int | None = None) -> WireAnswer:
    """The answer compressed, or `size_mb` MiB of blanks in an array, 1000 times smaller."""
    answer = exchange.serve()
    plain = iter((answer.body(),)) if size_mb is None else _blanks(size_mb)
    packed = b"".join(_deflated(plain))
    headers = (*answer.headers, ("Content-Encoding", "gzip"))
    return replace(in_pieces((packed,), len(packed)), status=answer.status, headers=headers)


def _blanks(size_mb: int) -> Iterator[bytes]:
    yield b"["
    for _ in range(size_mb):
        yield b" " * 2**20
    yield b"]"


def _deflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=31)  # 16 + 15: with the head and sum of a gzip file
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def _import_mode(exchange: StudyExchange) -> WireAnswer:
    return refusal(404, IMPORT_MODE, exchange.path)


def _lying(exchange: StudyExchange) -> WireAnswer:
    return whole(b"")


def _no_such_item(exchange: StudyExchange) -> WireAnswer:
    return refusal(404, NO_SUCH_ITEM, exchange.path)


def _stale_size(exchange: StudyExchange, *, size: int) -> WireAnswer:
    """The listing with another size for the scale that the fault names; None names all."""
    answer = exchange.serve()
    lines = json.loads(answer.body())
    for line in lines:
        if exchange.aim is None or _same(exchange.aim, line["name"]):
            line["size"] = size
    return whole(compact(lines))


def _listing(exchange: StudyExchange, *, body: object) -> WireAnswer:
    """This instead of the listing: bytes as they are, all else as JSON."""
    exchange.serve()  # the site did its part and, for one, reset its export clock
    return whole(body if isinstance(body, bytes) else compact(body))


class StudyFaultKind(NamedTuple):
    """A sort of fault and the requests that it strikes: "any", "delete" or "listing"."""

    answer: Callable[..., WireAnswer]
    strikes: str = "any"


KINDS: dict[str, StudyFaultKind] = {
    "unauthorized": StudyFaultKind(_unauthorized),
    "forbidden": StudyFaultKind(_must_remain),
    "login_page": StudyFaultKind(_login_page),
    "html": StudyFaultKind(_html),
    "status": StudyFaultKind(_status),
    "truncated": StudyFaultKind(_truncated),
    "slow": StudyFaultKind(_slow),
    "drip": StudyFaultKind(_drip),
    "hang": StudyFaultKind(_hang),
    "drop": StudyFaultKind(_drop),
    "redirect": StudyFaultKind(_redirect),
    "endless": StudyFaultKind(_endless),
    "garbled": StudyFaultKind(_garbled),
    "gzip": StudyFaultKind(_gzip),
    "import_mode": StudyFaultKind(_import_mode, "delete"),
    "must_remain": StudyFaultKind(_must_remain, "delete"),
    "lying": StudyFaultKind(_lying, "delete"),
    "gone": StudyFaultKind(_no_such_item, "delete"),
    "stale_size": StudyFaultKind(_stale_size, "listing"),
    "listing": StudyFaultKind(_listing, "listing"),
}
"""Every kind of fault; a new one is one line here."""


@dataclass(eq=False)
class StudyFault:
    """A fault that is switched on; `times` counts down, None = until it is healed."""

    kind: str
    scale: str | None
    times: int | None
    method: str | None
    detail: dict[str, Any]

    def strikes(self, exchange: StudyExchange) -> bool:
        """Whether it is meant for this request."""
        place = KINDS[self.kind].strikes
        if self.method not in (None, exchange.method):
            return False
        if place == "listing":  # there `scale` says which line of it, not which request
            return exchange.scale == ""
        if place == "delete" and exchange.method != "DELETE":
            return False
        return self.scale is None or _same(self.scale, exchange.scale)


def _same(name: str, asked: str | None) -> bool:
    return asked is not None and name.casefold() == asked.casefold()


class StudyFaults:
    """The faults that are switched on; thread-safe."""

    def __init__(self) -> None:
        self._on: list[StudyFault] = []
        self._lock = threading.Lock()

    def add(self, fault: StudyFault) -> None:
        """Switch on.  ValueError for an unknown kind, TypeError for a detail it does not take."""
        if fault.kind not in KINDS:
            raise ValueError(f"no fault {fault.kind!r}; there are: {', '.join(sorted(KINDS))}")
        inspect.signature(KINDS[fault.kind].answer).bind(None, **fault.detail)
        with self._lock:
            self._on.append(fault)

    def heal(self, kind: str | None = None) -> None:
        """Switch off all faults, or all of one kind."""
        with self._lock:
            self._on = [fault for fault in self._on if kind not in (None, fault.kind)]

    def answer(self, exchange: StudyExchange) -> WireAnswer:
        """The true answer, seen through every fault that strikes this request."""
        with self._lock:
            striking = [fault for fault in self._on if fault.strikes(exchange)]
        for fault in striking:
            around = replace(exchange, aim=fault.scale)
            exchange = replace(exchange, serve=partial(self._through, fault, around))
        return exchange.serve()

    def _through(self, fault: StudyFault, exchange: StudyExchange) -> WireAnswer:
        if not self._claim(fault):
            return exchange.serve()
        return KINDS[fault.kind].answer(exchange, **fault.detail)

    def _claim(self, fault: StudyFault) -> bool:
        with self._lock:
            if fault.times is None:
                return True
            fault.times -= 1
            return fault.times >= 0
