"""What can go wrong on the stand-in for CAKE, each kind one function and one line of a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice, repeat
from typing import Any

from mtdata.demo.cake.forms import Form
from mtdata.demo.faults import Exchange, FaultList, drip, drop, gzipped, hang, redirect
from mtdata.demo.wire import HTML, WireAnswer, whole

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
class CakeExchange(Exchange):
    """A call on its way through the faults."""

    operation: str
    form: Form


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


def _stall(exchange: CakeExchange, *, pieces: int = 0) -> WireAnswer:
    """The headers and so many pieces come, and then nothing."""
    answer = exchange.serve()

    def first_pieces() -> Iterator[bytes]:
        yield from islice(answer.pieces, pieces)
        yield b" "
        exchange.pause(None)

    return replace(answer, pieces=first_pieces(), length=None, breaks=True)


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
    packed = gzipped(chain((body[:-1],), repeat(b" " * 2**20, blanks_mb), (body[-1:],)))
    headers = (*answer.headers, ("Content-Encoding", "gzip"))
    return replace(answer, pieces=(packed,), length=len(packed), headers=headers)


def _refused(exchange: CakeExchange, *, message: str = "Restricted") -> WireAnswer:
    return whole(exchange.form.refused(message), exchange.form.kind)


def fault_of(form: Form, reason: str) -> WireAnswer:
    """A fault of the server itself, in that form."""
    kind, body = form.fault(reason)
    return whole(body, kind, 500)


def _fault(exchange: CakeExchange, *, reason: str = TIMEOUT) -> WireAnswer:
    return fault_of(exchange.form, reason)


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
    "redirect": redirect,
    "hang": hang,
    "stall": _stall,
    "drip": drip,
    "truncated": _truncated,
    "garbled": _garbled,
    "bomb": lambda exchange: whole(BOMB, exchange.form.kind),
    "packed": _packed,
    "drop": drop,
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


class CakeFaults(FaultList[CakeFault]):
    """The faults that are switched on; thread-safe.  The newest that strikes answers."""

    def answer(self, exchange: CakeExchange) -> WireAnswer:
        """The true answer, or what a fault makes of it."""
        with self._lock:
            striking = [fault for fault in self._on if fault.claims(exchange.operation)]
        if not striking:
            return exchange.serve()
        return KINDS[striking[-1].kind](exchange, **striking[-1].detail)
