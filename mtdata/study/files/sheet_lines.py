"""The bytes of a sheet read as rows: where each stands, and its cells; it knows no ledger."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from mtdata.core.border import Border
from mtdata.core.csv_lines import byte_cells, csv_cells, quick_cells
from mtdata.core.errors import DamageError, EntryError, StorageError
from mtdata.core.ports import Disk
from mtdata.study.model.row import is_row, row_check

LONGEST_HEADER = 4 << 20


def rows_in(lines: Iterable[bytes]) -> Iterator[list[str]]:
    """The cells of each of these lines, none for one that is not exactly one row."""
    return (quick_cells(line) or _alone(line) for line in lines)


def rows_stand(
    columns: Sequence[str], lines: Iterable[bytes], digests: Iterable[bytes | None]
) -> Iterator[bool]:
    """Whether each of these lines is exactly one row, and the digest is that of its cells."""
    is_row_of = row_check(columns)
    for line, digest in zip(lines, digests, strict=True):
        cells = [] if b"\0" in line else byte_cells(line)
        yield is_row_of(cells, digest) or is_row(columns, _alone(line), digest)


def _alone(line: bytes) -> list[str]:
    try:
        [cells] = parsed_rows(iter([line]))
    except (StorageError, ValueError):
        cells = []
    return cells


def parsed_rows(lines: Iterator[bytes]) -> Iterator[list[str]]:
    """The rows that these lines are for the csv module.  DamageError where they are none."""
    with Border(DamageError, "a line of a sheet is no row any more; see mtdata verify"):
        yield from csv.reader((line.decode() for line in lines), strict=True)


def row_spans(disk: Disk, path: str, *, unended: bool = False) -> Iterator[tuple[int, int]]:
    """Start and length of every row behind the header; a row ends where its quotes are even.

    `unended`: what stands behind the last line end is a row too.
    """
    end = 0
    for start, end in pairwise(_row_ends(disk.stream(path))):
        yield start, end - start
    if unended:
        end = end or rows_begin(disk, path)
        size = disk.size(path) or 0
        if 0 < end < size:
            yield end, size - end


def rows_begin(disk: Disk, path: str) -> int:
    """Where the first row begins: behind the header; 0 where there is none."""
    return next(_row_ends(disk.stream(path)), 0)


def header_of(disk: Disk, path: str) -> tuple[str, ...]:
    """The column names of a sheet; none when it does not begin with a line of them."""
    head = disk.read(path, 0, LONGEST_HEADER)
    try:
        return tuple(csv_cells(head[: next(_row_ends([head]), 0)]))
    except EntryError:
        return ()


def _row_ends(pieces: Iterable[bytes]) -> Iterator[int]:
    place, quotes = 0, 0
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            place += len(line) + 1
            quotes += line.count(b'"')
            if quotes % 2 == 0:
                yield place
