"""What can go wrong on either stand-in, and the list of what does; each has faults of its own."""

from __future__ import annotations

import inspect
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from mtdata.demo.wire import DROPPED, HTML, WireAnswer, whole


@dataclass(frozen=True)
class Exchange:
    """A request on its way through the faults; `serve` goes on to the true answer.

    `pause(seconds)` says whether the server is stopping and ends early when it does, `pause(None)`
    only then.
    """

    serve: Callable[[], WireAnswer]
    pause: Callable[[float | None], object]


def hang(exchange: Exchange, *, seconds: float | None = None) -> WireAnswer:
    """Nothing is said, as to an address that is not on the whitelist."""
    exchange.pause(seconds)
    return DROPPED


def drop(exchange: Exchange, *, after: bool = False) -> WireAnswer:
    """Hang up; `after` the request was carried out, or instead of it."""
    if after:
        exchange.serve()
    return DROPPED


def redirect(
    exchange: Exchange, *, location: str = "http://127.0.0.1:1/", code: int = 302
) -> WireAnswer:
    """The way to another address."""
    return replace(whole(b"", HTML, code), headers=(("Location", location),))


def drip(exchange: Exchange, *, pause_s: float, piece: int = 16) -> WireAnswer:
    """`piece` bytes at a time, a pause before each."""
    answer = exchange.serve()
    body = answer.body()

    def drops() -> Iterator[bytes]:
        for start in range(0, len(body), piece):
            if exchange.pause(pause_s):
                return
            yield body[start : start + piece]

    return replace(answer, pieces=drops(), length=len(body))


def gzipped(pieces: Iterable[bytes]) -> bytes:
    """The pieces as one gzip file."""
    packer = zlib.compressobj(wbits=31)  # 16 + 15: with the head and sum of a gzip file
    return b"".join(map(packer.compress, pieces)) + packer.flush()


class SwitchedFault(Protocol):
    """A fault of that kind that is switched on."""

    kind: str
    detail: dict[str, Any]


Fault = TypeVar("Fault", bound=SwitchedFault)


class FaultList(Generic[Fault]):
    """The faults that are switched on, of so many kinds; thread-safe."""

    def __init__(self, kinds: Mapping[str, Callable[..., WireAnswer]]) -> None:
        self._kinds = kinds
        self._on: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Switch on.  ValueError for an unknown kind, TypeError for a detail it does not take."""
        if fault.kind not in self._kinds:
            raise ValueError(
                f"no fault {fault.kind!r}; there are: {', '.join(sorted(self._kinds))}"
            )
        inspect.signature(self._kinds[fault.kind]).bind(None, **fault.detail)
        with self._lock:
            self._on.append(fault)

    def heal(self, kind: str | None = None) -> None:
        """Switch off all faults, or all of one kind."""
        with self._lock:
            self._on = [fault for fault in self._on if kind not in (None, fault.kind)]
