"""From sheets of a pool to tables: proven bytes in, Arrow tables of text out; nothing is written.

A year of a study is tens of thousands of small files: each is read once, and those with the same
header are parsed as one, which is what makes it quick.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Protocol

import pyarrow as pa

from mtdata.core.border import Border
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import DamageError, StorageError
from mtdata.study.operations.reading import PoolSheet
from mtdata.toolbox.faults import SheetChanged
from mtdata.toolbox.rows import (
    OWN,
    SheetRows,
    line_end,
    parsed,
    row_pieces,
    unique_names,
)

__all__ = ["OWN", "Refetch", "SheetChanged", "tables", "unique_names"]

BATCH = 4 << 20
"""Bytes of sheets that are parsed at a time; all that is held of them is some twenty times that."""
LONGEST_HEADER = 4 << 20
MOST_HEADERS = 256
_HEADERS: dict[bytes, tuple[str, ...]] = {}
RACES = 3
"""So often a sheet may be replaced while it is read."""
_BOM = b"\xef\xbb\xbf"


class Digest(Protocol):
    """What hashlib gives."""

    def digest(self) -> bytes:
        """Of all bytes so far."""
        ...


Refetch = Callable[[PoolSheet], PoolSheet | None]
"""What a sheet is now, which was just replaced as a whole; None when nothing stands there."""


def tables(
    server: str,
    sheets: Iterable[PoolSheet],
    refetch: Refetch,
    note: Callable[[PoolSheet], None] = lambda sheet: None,
) -> Iterator[pa.Table]:
    """All rows of these sheets, in their order: columns of text, null for an empty cell.

    `server` and `day` come first.  Each table is of sheets with one header, about BATCH bytes.
    `note` gets each sheet as it was read, with its length and digest whatever was known of them.
    SheetChanged (74) for one whose bytes are not those that are proven, StorageError (74) for one
    that is no CSV of UTF-8 text with as many cells in each row as its header has.
    """
    bodies = (body for sheet in sheets for body in _bodies(server, sheet, refetch, note))
    for _, alike in groupby(bodies, key=lambda body: body.header):
        for batch in _batches(alike):
            yield parsed(batch)


def _batches(bodies: Iterable[SheetRows]) -> Iterator[list[SheetRows]]:
    batch: list[SheetRows] = []
    size = 0
    for body in bodies:
        batch.append(body)
        size += len(body.rows)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _bodies(
    server: str, sheet: PoolSheet, refetch: Refetch, note: Callable[[PoolSheet], None]
) -> Iterator[SheetRows]:
    """The rows of one sheet, in pieces of about BATCH where it is large."""
    sheet, first, rest = _opened(sheet, refetch)
    note(sheet)
    content = first.removeprefix(_BOM)
    header, end = _header(content, sheet)
    body = SheetRows(server, sheet, header, content[end:], 1)
    yield body
    for piece in rest:
        body = SheetRows(server, sheet, header, piece, body.first + body.shape.total)
        yield body


class _SheetStart(NamedTuple):
    sheet: PoolSheet
    first: bytes  # at least the header, with as many whole rows as make up a batch
    rest: Iterator[bytes]


def _opened(sheet: PoolSheet, refetch: Refetch) -> _SheetStart:
    """The sheet, proven; what took its place meanwhile where it was replaced as a whole."""
    for _ in range(RACES):
        try:
            return _proven(sheet)
        except DamageError:
            newer = refetch(sheet)
            if newer is None or newer == sheet:
                raise
            sheet = newer
    return _proven(sheet)


def _proven(sheet: PoolSheet) -> _SheetStart:
    """A small sheet is read once; a large one first for its proof, then in pieces."""
    content = _small_content(sheet)
    if content is not None:
        return _SheetStart(_as_read(sheet, sha256(content), len(content)), content, iter(()))
    digest, length = sha256(), 0
    for piece in _stream(sheet):
        digest.update(piece)
        length += len(piece)
    sheet = _as_read(sheet, digest, length)
    pieces = row_pieces(_proven_again(sheet), BATCH)
    return _SheetStart(sheet, next(pieces, b""), pieces)


def _small_content(sheet: PoolSheet) -> bytes | None:
    """All of it, read in one go; None where that is more than a batch."""
    most = BATCH + 1 if sheet.length is None else sheet.length
    if most > BATCH + 1:
        return None
    content = _disk_of(sheet.root).read(sheet.name, 0, most)
    return content if len(content) <= BATCH else None


def _stream(sheet: PoolSheet) -> Iterator[bytes]:
    return _disk_of(sheet.root).stream(sheet.name, 0, sheet.length)


@lru_cache(maxsize=16)
def _disk_of(root: Path) -> FolderDisk:
    """The folder of a pool, which holds no file open."""
    return FolderDisk(root)


def _as_read(sheet: PoolSheet, digest: Digest, length: int) -> PoolSheet:
    """The sheet with what was read of it; SheetChanged where the ledger proves other bytes."""
    read = digest.digest()
    if sheet.digest not in (None, read):
        raise SheetChanged(
            f"{sheet.path}: holds other bytes than were written, so nothing of it is read. "
            "`mtdata verify` says what is wrong and makes its rows again"
        )
    if sheet.digest == read and sheet.length == length:
        return sheet
    return sheet._replace(length=length, digest=read)


def _proven_again(sheet: PoolSheet) -> Iterator[bytes]:
    """Its bytes; SheetChanged behind the last where they are others than were proven before."""
    digest = sha256()
    for piece in _stream(sheet):
        digest.update(piece)
        yield piece
    _as_read(sheet, digest, sheet.length or 0)


def _header(content: bytes, sheet: PoolSheet) -> tuple[tuple[str, ...], int]:
    """The names in the header, and where it ends."""
    end = line_end(content, 0)
    if b'"' not in content[:end]:
        return _known_names(content[:end], sheet), end
    lines = _Lines(content)
    with _translated(sheet):
        names = next(csv.reader(lines, strict=True), [])
    return tuple(names), lines.end


def _known_names(line: bytes, sheet: PoolSheet) -> tuple[str, ...]:
    """The names in a line; most sheets of a scale have one header."""
    names = _HEADERS.get(line)
    if names is None:
        with _translated(sheet):
            names = tuple(next(csv.reader([line.decode()], strict=True), []))
        if len(_HEADERS) >= MOST_HEADERS:
            _HEADERS.clear()
        _HEADERS[line] = names
    return names


def _translated(sheet: PoolSheet) -> Border:
    return Border(StorageError, f"{sheet.path}: its header is no line of CSV in UTF-8 text")


class _Lines:
    """Lines for csv.reader, which takes as many as one row has; `end` is behind them."""

    def __init__(self, content: bytes) -> None:
        self._content, self.end = content, 0

    def __iter__(self) -> Iterator[str]:
        while self.end < min(len(self._content), LONGEST_HEADER):
            start, self.end = self.end, line_end(self._content, self.end)
            yield self._content[start : self.end].decode()
