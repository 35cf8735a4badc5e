"""What a file would bring, before anything of it is written: it is read once, and nothing changes.

Memory is bounded by the first rows and faults, whatever the size of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from mtdata.programme.columns import Columns
from mtdata.programme.csv_file import rows
from mtdata.programme.header import split_header
from mtdata.programme.row_check import MOST_FAULTS, FileCheck, GoodRow, RowFault, checked

FIRST, CELL = 5, 80


class RowLookup(Protocol):
    """Counts good rows: how many are in the table already, how many stood before in the file."""

    there: int
    repeated: int

    def add(self, values: tuple[Any, ...]) -> None:
        """Count one more."""
        ...

    def close(self) -> None:
        """From now on both numbers hold."""
        ...


class OwnRows:
    """Port RowLookup for rows that are each one of its own."""

    there = repeated = 0

    def add(self, values: tuple[Any, ...]) -> None:
        """Port: RowLookup.add."""

    def close(self) -> None:
        """Port: RowLookup.close."""


@dataclass(frozen=True)
class FilePreview:
    """What a whole file holds, the first of its good rows, and how many of all these are there.

    `repeated` are those whose name stood before in the file; they are not among `there`.  Of a cell
    of the first rows there are CELL characters at most.
    """

    check: FileCheck
    first: tuple[tuple[str, ...], ...] = field(repr=False)
    there: int
    repeated: int


def preview_file(
    pieces: Iterable[bytes], columns: Columns, zone: ZoneInfo, lookup: Callable[[], RowLookup]
) -> FilePreview:
    """Read a file from its first byte to its end.  FileRefused where it cannot be read."""
    layout, rest = split_header(pieces, columns)
    good = bad = 0
    faults: list[RowFault] = []
    first: list[tuple[str, ...]] = []
    with closing(lookup()) as known:
        for row in checked(rows(rest, layout, layout.line, layout.offset), layout, columns, zone):
            if isinstance(row, GoodRow):
                good += 1
                known.add(row.values)
                if len(first) < FIRST:
                    first.append(tuple(map(_cell, row.values)))
            else:
                bad += 1
                faults.extend(row.faults[: MOST_FAULTS - len(faults)])
    check = FileCheck(good + bad, good, bad, tuple(faults), layout)
    return FilePreview(check, tuple(first), known.there, known.repeated)


def _cell(value: Any) -> str:
    text = str(value)
    return text if len(text) <= CELL else f"{text[:CELL]} ..."
