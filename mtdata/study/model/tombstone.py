"""What is left of an entry that was erased: enough to know it again, too little to read it; pure.

A mark is an HMAC by the key of its erasure.  That of an entry, or of its row, is cut to 32 bits: it
tells it from another of the same id, and proves no guess, for of the answers that somebody may try
one in four thousand millions fits as well as the true one.  A row of a table that stays on its site
changes there and is known by its id alone, which may be the person's own number and so is hidden.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import NamedTuple

NO_ID = -1
"""In the place of an id: of an entry without one, and of a row of a table, whose mark hides it."""
SHORT, LONG = 4, 16
"""Bytes of a mark that could confirm an answer, and of one that hides an id."""


class Tombstone(NamedTuple):
    """One erased entry; `line` is the mark of its row.  b"" where there was none of the two."""

    scale: str
    id: int
    mark: bytes
    line: bytes

    @property
    def is_of_table(self) -> bool:
        """Whether the mark is that of a row of a table, by its id."""
        return len(self.mark) == LONG


class Erasure(NamedTuple):
    """What was erased at one time: `erased_at` ISO, UTC; `raw`: from raw files as well."""

    sign: str
    erased_at: str
    key: bytes
    raw: bool
    tombstones: tuple[Tombstone, ...]

    def __repr__(self) -> str:
        return f"Erasure({self.sign}, {len(self.tombstones)} entries)"


def entry_mark(key: bytes, scale: str, number: int, digest: bytes) -> bytes:
    """The mark of an entry by the digest of its bytes; `number` may be NO_ID."""
    return _mark(key, "entry", scale, number, digest)[:SHORT]


def line_mark(key: bytes, scale: str, number: int, cells: bytes | None) -> bytes:
    """The mark of a row by the digest of its cells; b"" for no row."""
    return b"" if cells is None else _mark(key, "line", scale, number, cells)[:SHORT]


def table_mark(key: bytes, scale: str, number: int) -> bytes:
    """The mark of a row of a table that stays on its site."""
    return _mark(key, "table", scale, number, b"")[:LONG]


def _mark(key: bytes, kind: str, scale: str, number: int, digest: bytes) -> bytes:
    text = f"{kind}\0{scale}\0{number}\0".encode() + digest
    return hmac.digest(key, text, "sha256")


class TombstoneIndex:
    """The tombstones of one scale, ready to be held against entries and rows."""

    def __init__(self, scale: str, found: Iterable[tuple[bytes, Tombstone]]) -> None:
        """`found` has each tombstone behind the key of its erasure."""
        self._scale = scale
        self._by_id: dict[int, list[tuple[bytes, Tombstone]]] = {}
        self._table: set[bytes] = set()
        self._keys: set[bytes] = set()
        for key, one in found:
            if one.is_of_table:
                self._table.add(one.mark)
                self._keys.add(key)
            else:
                self._by_id.setdefault(one.id, []).append((key, one))

    def __bool__(self) -> bool:
        return bool(self._by_id or self._table)

    def entry(self, number: int | None, digest: bytes) -> bytes:
        """The mark under which an entry was erased; b"" where it was not."""
        known = NO_ID if number is None else number
        for key, one in self._by_id.get(known, ()):
            if one.mark and one.mark == entry_mark(key, self._scale, known, digest):
                return one.mark
        return self._in_table(number)

    def is_row(self, number: int | None, cells: bytes) -> bool:
        """Whether a row with that id and digest of its cells was erased."""
        known = NO_ID if number is None else number
        lines = ((key, one.line) for key, one in self._by_id.get(known, ()) if one.line)
        if any(line == line_mark(key, self._scale, known, cells) for key, line in lines):
            return True
        return bool(self._in_table(number))

    def _in_table(self, number: int | None) -> bytes:
        if number is None or not self._table:
            return b""
        marks = {table_mark(key, self._scale, number) for key in self._keys}
        return next(iter(marks & self._table), b"")
