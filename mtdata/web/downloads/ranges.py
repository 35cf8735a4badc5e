"""Which part of a file somebody asks for (RFC 9110, 14); of a part the bytes; it opens nothing."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from typing import NamedTuple

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.A | re.I)


class ByteRange(NamedTuple):
    """Bytes from `start` up to and without `stop`, of so many; `stop` is 0 where there are none."""

    start: int
    stop: int
    total: int

    @property
    def header(self) -> str:
        """The value of Content-Range for the range."""
        if not self.stop:
            return f"bytes */{self.total}"
        return f"bytes {self.start}-{self.stop - 1}/{self.total}"


def is_range_asked(asked: str, condition: str, tag: str) -> bool:
    """Whether a part is asked for: one alone, and of the file that has this ETag.

    A date as the condition is never met: no time of a file proves its bytes.  What is none of this
    is no fault: then the whole file comes.
    """
    return bool(_ONE.fullmatch(asked.strip())) and (not condition or condition.strip() == tag != "")


def part(asked: str, total: int) -> ByteRange | None:
    """The part of so many bytes; one with `stop` 0 where it has none of them, None: the whole."""
    found = _ONE.fullmatch(asked.strip())
    if not found or found[1] == found[2] == "":
        return None
    if not found[1]:
        start, stop = max(0, total - int(found[2])), total
        return ByteRange(start, stop if int(found[2]) else 0, total)
    start = int(found[1])
    last = int(found[2]) if found[2] else max(start, total)
    if last < start:
        return None
    return ByteRange(start, min(last + 1, total) if start < total else 0, total)


def bytes_of(pieces: Iterable[bytes], start: int, stop: int | None) -> Generator[bytes]:
    """That part of the pieces; the last of it comes once they have ended without a fault.

    So whoever proves at their end keeps back what is not proven.
    """
    at, held = 0, b""
    for piece in pieces:
        end = len(piece) if stop is None else max(0, stop - at)
        kept = piece[max(0, start - at) : end]
        at += len(piece)
        if kept and held:
            yield held
        held = kept or held
    if held:
        yield held
