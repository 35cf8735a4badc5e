"""What can go wrong on a server, each kind one function and one line of a table, never by chance.

A fault wraps what would have been answered.  The newest is asked first; one that lets the request
through (`slow`, `stale_size`) passes it on to the older ones, so that faults can be combined.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, repeat
from typing import Any

from mtdata.demo.faults import Exchange, FaultList, drip, drop, gzipped, hang, redirect
from mtdata.demo.wire import HTML, WireAnswer, compact, in_pieces, refusal, whole

NO_SUCH_ITEM = "Item with that ID does not exist."
NO_SUCH_SCALE = "We have no questionnaire by that name."
IMPORT_MODE = "This server is not configured to respond to these requests."
MUST_REMAIN = "This data must remain on the server, and cannot be removed."
NOT_LOGGED_IN = "Full authentication is required to access this resource"

STUDY_CALL = "/study"
"""What a fault of GET study names as its scale; no scale can be called so."""

LOGIN_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>MindTrails - Login</title></head><body>"
    b'<form action="/login" method="post"><input name="username"/>'
    b'<input type="password" name="password"/></form></body></html>\n'
)
MAINTENANCE_PAGE = b"<html><body><h1>We will be back soon</h1></body></html>\n"


@dataclass(frozen=True)
class StudyExchange(Exchange):
    """A request on its way through the faults.

    `scale` is what it asks for, '' for the listing, STUDY_CALL for GET study, None for all else;
    `aim` is the scale that the fault names.
    """

    method: str
    path: str
    scale: str | None
    aim: str | None = None


def _refusing(status: int, message: str) -> Callable[[StudyExchange], WireAnswer]:
    return lambda exchange: refusal(status, message, exchange.path)


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
    blanks = chain((b"[",), repeat(b" " * 2**20, size_mb or 0), (b"]",))
    packed = gzipped((answer.body(),) if size_mb is None else blanks)
    headers = (*answer.headers, ("Content-Encoding", "gzip"))
    return replace(in_pieces((packed,), len(packed)), status=answer.status, headers=headers)


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


KINDS: dict[str, Callable[..., WireAnswer]] = {
    "unauthorized": _refusing(401, NOT_LOGGED_IN),
    "forbidden": _refusing(403, MUST_REMAIN),
    "login_page": lambda exchange: whole(LOGIN_PAGE, HTML),
    "html": _html,
    "status": _status,
    "truncated": _truncated,
    "slow": _slow,
    "drip": drip,
    "hang": hang,
    "drop": drop,
    "redirect": redirect,
    "endless": _endless,
    "garbled": _garbled,
    "gzip": _gzip,
    "import_mode": _refusing(404, IMPORT_MODE),
    "must_remain": _refusing(403, MUST_REMAIN),
    "lying": lambda exchange: whole(b""),
    "gone": _refusing(404, NO_SUCH_ITEM),
    "stale_size": _stale_size,
    "listing": _listing,
}
"""Every kind of fault; a new one is one line here."""
OF_DELETES = ("import_mode", "must_remain", "lying", "gone")
OF_THE_LISTING = ("stale_size", "listing")
"""The kinds that strike such requests alone."""


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
        if self.method not in (None, exchange.method):
            return False
        if self.kind in OF_THE_LISTING:  # there `scale` says which line of it, not which request
            return exchange.scale == ""
        if self.kind in OF_DELETES and exchange.method != "DELETE":
            return False
        return self.scale is None or _same(self.scale, exchange.scale)


def _same(name: str, asked: str | None) -> bool:
    return asked is not None and name.casefold() == asked.casefold()


class StudyFaults(FaultList[StudyFault]):
    """The faults that are switched on; thread-safe."""

    def answer(self, exchange: StudyExchange) -> WireAnswer:
        """The true answer, seen through every fault that strikes this request."""
        with self._lock:
            striking = [fault for fault in self._on if fault.strikes(exchange)]
        for fault in striking:
            around = replace(exchange, aim=fault.scale)
            exchange = replace(exchange, serve=partial(self._through, fault, around))
        return exchange.serve()

    def _through(self, fault: StudyFault, exchange: StudyExchange) -> WireAnswer:
        with self._lock:
            is_over = fault.times == 0
            if fault.times:
                fault.times -= 1
        if is_over:
            return exchange.serve()
        return KINDS[fault.kind](exchange, **fault.detail)
