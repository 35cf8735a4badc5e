"""Numbers of lines as a ledger keeps them: packed, in order; it asks no ledger."""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Iterable
from operator import sub

from mtdata.core.border import Border
from mtdata.core.errors import DamageError

MOST = 1 << 24
"""Lines of one share, at most: what unpacks to more was not written here."""


def packed(lines: Iterable[int]) -> bytes:
    """The numbers, each once and in order, as the steps from one to the next."""
    ordered = sorted(lines)
    steps = array("I", map(sub, ordered, [0, *ordered[:-1]]))
    if sys.byteorder == "big":
        steps.byteswap()
    return zlib.compress(steps.tobytes(), 1)


def unpacked_lines(blob: bytes) -> list[int]:
    """The numbers.  DamageError for what `packed` did not make."""
    with Border(DamageError, "the ledger of web logs: numbers of lines that cannot be read"):
        unpacker = zlib.decompressobj()
        steps = array("I")
        steps.frombytes(unpacker.decompress(blob, MOST * 4))
        if not unpacker.eof:
            raise DamageError("the ledger of web logs: numbers of lines that break off")
    if sys.byteorder == "big":
        steps.byteswap()
    lines, line = [], 0
    for step in steps:
        line += step
        lines.append(line)
    return lines


class LineSet:
    """Which lines of a log are taken; a byte for each up to the highest."""

    def __init__(self) -> None:
        self._taken = bytearray()

    def add(self, lines: Iterable[int]) -> None:
        """Take these."""
        for line in lines:
            if line >= len(self._taken):
                self._taken.extend(bytes(line + 1 - len(self._taken) + len(self._taken) // 4))
            self._taken[line] = 1

    def __contains__(self, line: int) -> bool:
        return line < len(self._taken) and self._taken[line] == 1

    def has_any(self, first: int, last: int) -> bool:
        """Whether any of these lines, both included, is taken."""
        return self._taken.find(1, first, last + 1) >= 0
