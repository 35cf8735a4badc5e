"""Digests of a file's parts, with their places, in pages: what its bytes are held against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from mtdata.core.errors import StorageError
from mtdata.study.ledger.classified import NO_ID
from mtdata.study.ledger.schema import REBUILD, LedgerPart

PAGE = 1024


class RangeProofs(NamedTuple):
    """Appends to a raw file, in order, each with the digest of its bytes."""

    starts: Sequence[int]
    lengths: Sequence[int]
    digests: Sequence[bytes]


class RawProofs(NamedTuple):
    """Entries in a raw file, by place, each with the digest of its bytes."""

    seqs: Sequence[int]
    starts: Sequence[int]
    lengths: Sequence[int]
    digests: Sequence[bytes]


class LineProofs(NamedTuple):
    """Entries in a sheet, in the order of their lines; the digest is that of the cells.

    None instead of it for a line that was found and is not proven yet.
    """

    ids: Sequence[int | None]
    starts: Sequence[int]
    lengths: Sequence[int]
    digests: Sequence[bytes | None]


class Proofs(LedgerPart):
    """What `verify` asks for: column by column, since a pass reads every entry there is."""

    def ranges(self, file: int) -> Iterator[RangeProofs]:
        """Every append to a raw file."""
        following = "file = ? AND start > ? ORDER BY start"
        asked = f"SELECT start, length, digest FROM ranges WHERE {following} LIMIT {PAGE}"
        yield from map(RangeProofs._make, self._pages(asked, file, 0))

    def raw(self, file: int) -> Iterator[RawProofs]:
        """Every entry whose raw bytes should stand in that file."""
        following = "file = ? AND start > ? AND raw_lost = 0 ORDER BY start"
        asked = f"SELECT seq, start, length, digest FROM entries WHERE {following} LIMIT {PAGE}"
        yield from map(RawProofs._make, self._pages(asked, file, 1))

    def lines(self, sheet: int) -> Iterator[LineProofs]:
        """Every entry with a line in that sheet.  StorageError where one has no length."""
        columns, following = "id, line_start, line_length, cells", "sheet = ? AND line_start > ?"
        asked = f"SELECT {columns} FROM entries WHERE {following} ORDER BY line_start LIMIT {PAGE}"
        for numbers, starts, lengths, digests in self._pages(asked, sheet, 1):
            if None in lengths:
                raise StorageError(f"the ledger gives an entry a line without a length.{REBUILD}")
            ids = [None if number == NO_ID else number for number in numbers]
            yield LineProofs(ids, starts, lengths, digests)

    def _pages(self, asked: str, file: int, place: int) -> Iterator[tuple[Sequence[Any], ...]]:
        """The columns of each page; that at `place` says where the next page begins."""
        after = -1
        while rows := self._db.all(asked, file, after):
            yield tuple(zip(*rows, strict=True))
            after = rows[-1][place]
            if len(rows) < PAGE:  # nothing is behind it
                return
