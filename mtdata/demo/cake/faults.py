"""What can go wrong on the stand-in for CAKE, each kind one function and one line of a table."""

from __future__ import annotations

import inspect
import re
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from mtdata.demo.cake.forms import Form
from mtdata.demo.wire import DROPPED, HTML, WireAnswer, whole

GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\r\n"
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    b"<r>&b;&b;</r>"
)
TIMEOUT = (
    "Server was unable to process request. ---> Timeout expired.  The timeout period elapsed prior "
    "to completion of the operation or the server is not responding."
)


@dataclass(frozen=True)
class CakeExchange:
    """A call on its way through the faults; `serve` goes on to the true answer.

    `pause(seconds)` says whether the server is stopping and ends early when it does.
    """

    operation: str
    form: Form
    serve: Callable[[], WireAnswer]
    pause: Callable[[float | None], object]


def _throttled(exchange: CakeExchange, *, retry_after: str = "1") -> WireAnswer:
    answer = whole(b"Throttle detected", "text/plain", 429)
    told = (("Retry-After", retry_after),) if retry_after else ()
    return replace(answer, headers=(*answer.headers, *told))


def _gateway(exchange: CakeExchange, *, code: int = 502) -> WireAnswer:
    return whole(GATEWAY_PAGE, HTML, code)


def _status(exchange: CakeExchange, *, code: int, body: bytes = b"") -> WireAnswer:
    return whole(body, "text/plain", code)


def _html(exchange: CakeExchange, *, body: bytes = GATEWAY_PAGE) -> WireAnswer:
    return whole(body, HTML)


def _redirect(exchange: CakeExchange, *, location: str = "http://127.0.0.1:1/") -> WireAnswer:
    return replace(whole(b"", HTML, 302), headers=(("Location", location),))


def _hang(exchange: CakeExchange, *, seconds: float | None = None) -> WireAnswer:
    """Nothing is said, as to an address that is not on the whitelist."""
    exchange.pause(seconds)
    return DROPPED


def _stall(exchange: CakeExchange, *, pieces: int = 0) -> WireAnswer:
    """The headers and so many pieces come, and then nothing."""
    answer = exchange.serve()

    def first_pieces() -> Iterator[bytes]:
        yield from islice(answer.pieces, pieces)
        yield b" "
        exchange.pause(None)

    return replace(answer, pieces=first_pieces(), length=None, breaks=True)


def _drip(exchange: CakeExchange, *, pause_s: float, piece: int = 16) -> WireAnswer:
    """`piece` bytes at a time, a pause before each."""
    answer = exchange.serve()
    body = answer.body()

    def drops() -> Iterator[bytes]:
        for start in range(0, len(body), piece):
            if exchange.pause(pause_s):
                return
            yield body[start : start + piece]

    return replace(answer, pieces=drops(), length=len(body))


def _truncated(
    exchange: CakeExchange, *, chunked: bool = False, share: float = 0.5, ends: bool = False
) -> WireAnswer:
    """That share of the body; with `ends` it ends properly, as if that were all."""
    answer = exchange.serve()
    body = answer.body()
    kept = body[: int(len(body) * share)]
    if ends:
        return replace(answer, pieces=(kept,), length=len(kept))
    return replace(answer, pieces=(kept,), length=None if chunked else len(body), breaks=True)


def _garbled(exchange: CakeExchange, *, body: bytes) -> WireAnswer:
    """This body, whatever it is, as if it were an answer."""
    return whole(body, exchange.form.kind)


def _packed(exchange: CakeExchange, *, blanks_mb: int = 0) -> WireAnswer:
    """The answer compressed, with so many MiB of blanks before its last byte."""
    answer = exchange.serve()
    body = answer.body()
    packer = zlib.compressobj(wbits=31)  # 16 + 15: with the head and sum of a gzip file
    packed = packer.compress(body[:-1])
    for _ in range(blanks_mb):
        packed += packer.compress(b" " * 2**20)
    packed += packer.compress(body[-1:]) + packer.flush()
    headers = (*answer.headers, ("Content-Encoding", "gzip"))
    return replace(answer, pieces=(packed,), length=len(packed), headers=headers)


def _bomb(exchange: CakeExchange) -> WireAnswer:
    return whole(BOMB, exchange.form.kind)


def _drop(exchange: CakeExchange) -> WireAnswer:
    return DROPPED


def _refused(exchange: CakeExchange, *, message: str = "Restricted") -> WireAnswer:
    return whole(exchange.form.refused(message), exchange.form.kind)


def _fault(exchange: CakeExchange, *, reason: str = TIMEOUT) -> WireAnswer:
    kind, body = exchange.form.fault(reason)
    return whole(body, kind, 500)


def _lying(exchange: CakeExchange, *, more: int = 1) -> WireAnswer:
    """row_count says so many rows more than there are."""
    answer = exchange.serve()

    def raised(found: re.Match[bytes]) -> bytes:
        return found[1] + str(int(found[2]) + more).encode()

    body = re.sub(rb'(row_count(?:">|>|":))([0-9]+)', raised, answer.body(), count=1)
    return replace(answer, pieces=(body,), length=len(body))


KINDS: dict[str, Callable[..., WireAnswer]] = {
    "throttled": _throttled,
    "gateway": _gateway,
    "status": _status,
    "html": _html,
    "redirect": _redirect,
    "hang": _hang,
    "stall": _stall,
    "drip": _drip,
    "truncated": _truncated,
    "garbled": _garbled,
    "bomb": _bomb,
    "packed": _packed,
    "drop": _drop,
    "refused": _refused,
    "fault": _fault,
    "lying": _lying,
}
"""Every kind of fault; a new one is one line here."""


@dataclass(eq=False)
class CakeFault:
    """A fault that is switched on: every `every`-th call that it may strike, `times` in all."""

    kind: str
    operation: str | None
    every: int
    times: int | None
    detail: dict[str, Any] = field(default_factory=dict)
    seen: int = 0

    def claims(self, operation: str) -> bool:
        """Whether this call is struck; it counts."""
        if self.operation not in (None, operation) or self.times == 0:
            return False
        self.seen += 1
        if self.seen % self.every:
            return False
        self.times = None if self.times is None else self.times - 1
        return True


class CakeFaults:
    """The faults that are switched on; thread-safe.  The newest that strikes answers."""

    def __init__(self) -> None:
        self._on: list[CakeFault] = []
        self._lock = threading.Lock()

    def add(self, fault: CakeFault) -> None:
        """Switch on.  ValueError for an unknown kind, TypeError for a detail it does not take."""
        if fault.kind not in KINDS:
            raise ValueError(f"no fault {fault.kind!r}; there are: {', '.join(sorted(KINDS))}")
        inspect.signature(KINDS[fault.kind]).bind(None, **fault.detail)
        with self._lock:
            self._on.insert(0, fault)

    def heal(self, kind: str | None = None) -> None:
        """Switch off all faults, or all of one kind."""
        with self._lock:
            self._on = [fault for fault in self._on if kind not in (None, fault.kind)]

    def answer(self, exchange: CakeExchange) -> WireAnswer:
        """The true answer, or what a fault makes of it."""
        with self._lock:
            striking = [fault for fault in self._on if fault.claims(exchange.operation)]
        if not striking:
            return exchange.serve()
        return KINDS[striking[0].kind](exchange, **striking[0].detail)
