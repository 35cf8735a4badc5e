"""From sheets of a pool to tables: proven bytes in, Arrow tables of text out; nothing is written.

A year of a study is tens of thousands of small files.  Those with the same header are parsed as
one, which is what makes it quick; how many rows each had is counted first, for the day of a row.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

import pyarrow as pa
from pyarrow import csv as arrow_csv

from mtdata.core.border import Border
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import DamageError, StorageError
from mtdata.study.operations.reading import PoolSheet

BATCH = 16 << 20
"""Bytes of sheets that are parsed at a time."""
LONGEST_HEADER = 4 << 20
OWN = ("server", "day")
"""Columns that each table has besides those of its sheets; a sheet's own of that name is `day_2`"""
_BOM = b"\xef\xbb\xbf"
_PARSE = Border(StorageError, "a sheet is no CSV of UTF-8 text, though its digest holds")


class SheetChanged(DamageError):
    """A sheet holds other bytes than the ledger proves; nothing of it was read."""


class _SheetRows(NamedTuple):
    server: str
    sheet: PoolSheet
    header: tuple[str, ...]
    rows: bytes


Refetch = Callable[[PoolSheet], PoolSheet | None]
"""What a sheet is now, which was just replaced as a whole; None when nothing stands there."""


def tables(server: str, sheets: Iterable[PoolSheet], refetch: Refetch) -> Iterator[pa.Table]:
    """All rows of these sheets, in their order: columns of text, null for an empty cell.

    `server` and `day` come first.  Each table is of sheets with one header, about BATCH bytes.
    SheetChanged (74) for one whose bytes are not those that are proven.
    """
    bodies = (body for sheet in sheets for body in _bodies(server, sheet, refetch))
    for _, alike in groupby(bodies, key=lambda body: body.header):
        for batch in _batches(alike):
            yield _parsed(batch)


def _batches(bodies: Iterable[_SheetRows]) -> Iterator[list[_SheetRows]]:
    batch: list[_SheetRows] = []
    size = 0
    for body in bodies:
        batch.append(body)
        size += len(body.rows)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _bodies(server: str, sheet: PoolSheet, refetch: Refetch) -> Iterator[_SheetRows]:
    """The rows of one sheet, in pieces of about BATCH where it is large."""
    try:
        _prove(sheet)
    except SheetChanged:
        newer = refetch(sheet)
        if newer is None or newer == sheet:
            raise
        sheet = newer
        _prove(sheet)
    pieces = row_pieces(FolderDisk(sheet.root).stream(sheet.name, 0, sheet.length))
    header, rows = _split(next(pieces, b"").removeprefix(_BOM), sheet)
    yield _SheetRows(server, sheet, header, rows)
    for piece in pieces:
        yield _SheetRows(server, sheet, header, piece)


def _prove(sheet: PoolSheet) -> None:
    """SheetChanged where the bytes up to `length` are others than the ledger proves."""
    if sheet.digest is None:
        return
    digest = sha256()
    for piece in FolderDisk(sheet.root).stream(sheet.name, 0, sheet.length):
        digest.update(piece)
    if digest.digest() != sheet.digest:
        raise SheetChanged(
            f"{sheet.path}: holds other bytes than were written, so nothing of it is read. "
            "`mtdata verify` says what is wrong and makes its rows again"
        )


def row_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces of at least BATCH bytes, each of whole rows; the last may be less."""
    waiting = b""
    for piece in pieces:
        waiting += piece
        if len(waiting) >= BATCH and (end := _last_end(waiting)):
            yield waiting[:end]
            waiting = waiting[end:]
    if waiting:
        yield waiting


def _last_end(content: bytes) -> int:
    """Where the last whole row of these bytes ends; 0 where none does."""
    quotes, at = content.count(b'"'), len(content)
    while (before := content.rfind(b"\n", 0, at)) >= 0:
        quotes -= content.count(b'"', before, at)
        if quotes % 2 == 0:
            return before + 1
        at = before
    return 0


def _split(content: bytes, sheet: PoolSheet) -> tuple[tuple[str, ...], bytes]:
    """The names in the header, and the bytes of the rows."""
    end = row_end(content)
    if end > LONGEST_HEADER:
        raise StorageError(f"{sheet.path}: its header does not end within {LONGEST_HEADER} bytes")
    with _PARSE:
        lines = content[:end].decode().splitlines()
        names = next(csv.reader(lines, strict=True), [])
    return tuple(names), content[end:]


def row_end(content: bytes) -> int:
    """Where the first row of these bytes ends, its line end included; quotes may hold line ends."""
    at = -1
    while (at := content.find(b"\n", at + 1)) >= 0:
        if content.count(b'"', 0, at) % 2 == 0:
            return at + 1
    return len(content)


def count_rows(rows: bytes) -> int:
    """How many rows these bytes are; a line end within quotes ends none."""
    outside = rows.split(b'"')[::2]
    count = sum(piece.count(b"\n") for piece in outside)
    return count + (bool(rows) and not rows.endswith(b"\n"))


def unique_names(names: Sequence[str]) -> list[str]:
    """Names of columns that SQL tells apart, which takes `Id` and `ID` for one.

    An empty name is `column`; one that stood before, or is one of OWN, gets a number: `id_2`.
    """
    taken = {name.casefold() for name in OWN}
    unique = []
    for name in names:
        word = base = name or "column"
        number = 1
        while word.casefold() in taken:
            number += 1
            word = f"{base}_{number}"
        taken.add(word.casefold())
        unique.append(word)
    return unique


def _parsed(bodies: list[_SheetRows]) -> pa.Table:
    """One table of bodies that have one header."""
    names = unique_names(bodies[0].header)
    counts = [count_rows(body.rows) for body in bodies]
    content = b"".join(_with_line_end(body.rows) for body in bodies)
    table = _columns(content, names) if content else _empty(names)
    if table.num_rows != sum(counts):
        raise StorageError(
            f"{bodies[0].sheet.path}: a sheet of {bodies[0].sheet.scale} is no CSV with one row a "
            "line; nothing was read. `mtdata verify` says what is wrong"
        )
    for place, cells in enumerate(
        (
            [(body.server, count) for body, count in zip(bodies, counts, strict=True)],
            [(body.sheet.day, count) for body, count in zip(bodies, counts, strict=True)],
        )
    ):
        table = table.add_column(place, OWN[place], _repeated(cells))
    return table


def _with_line_end(rows: bytes) -> bytes:
    return rows if rows.endswith(b"\n") or not rows else rows + b"\r\n"


def _repeated(cells: list[tuple[str, int]]) -> pa.Array:
    pieces = [pa.repeat(pa.scalar(text), count) for text, count in cells]
    return pa.concat_arrays(pieces) if pieces else pa.array([], pa.string())


def _empty(names: list[str]) -> pa.Table:
    return pa.table({name: pa.array([], pa.string()) for name in names})


def _columns(content: bytes, names: list[str]) -> pa.Table:
    """Cells as they stand, not one guessed; an empty one is null."""
    with _PARSE:
        return arrow_csv.read_csv(
            pa.BufferReader(content),
            read_options=arrow_csv.ReadOptions(
                column_names=names, block_size=max(1 << 20, len(content) + 1)
            ),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
