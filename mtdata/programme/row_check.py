"""Rows of a CSV file into values, or into faults by line and column; it writes and shows no row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from mtdata.core.words import counted
from mtdata.programme.columns import CellRefused, Columns
from mtdata.programme.csv_file import CsvRow, FileLayout, rows
from mtdata.programme.header import split_header

MOST_FAULTS = 200


class RowFault(NamedTuple):
    """What is wrong with a row; `column` is the name of one, "" where it is the row's length."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{where}: {self.reason}"


class GoodRow(NamedTuple):
    """The values of a row in the order of the columns, and the line and the byte behind it."""

    line: int
    values: tuple[Any, ...]
    line_after: int
    offset_after: int


class BadRow(NamedTuple):
    """Every fault of a row, and the line and the byte behind it."""

    line: int
    faults: tuple[RowFault, ...]
    line_after: int
    offset_after: int


class FileCheck(NamedTuple):
    """What a whole file holds: how many rows of which sort, and the first of their faults."""

    rows: int
    good: int
    bad: int
    faults: tuple[RowFault, ...]  # MOST_FAULTS at most
    layout: FileLayout


def check_file(pieces: Iterable[bytes], columns: Columns, zone: ZoneInfo) -> FileCheck:
    """Reads a file from its first byte to its end.  FileRefused where it cannot be read."""
    layout, rest = split_header(pieces, columns)
    good = bad = 0
    faults: list[RowFault] = []
    found = rows(rest, layout, layout.line, layout.offset)
    for row in checked(found, layout, columns, zone):
        if isinstance(row, GoodRow):
            good += 1
            continue
        bad += 1
        faults.extend(row.faults[: MOST_FAULTS - len(faults)])
    return FileCheck(good + bad, good, bad, tuple(faults), layout)


def checked(
    found: Iterable[CsvRow], layout: FileLayout, columns: Columns, zone: ZoneInfo
) -> Iterator[GoodRow | BadRow]:
    """Each row as values, or its faults.  A row is as wide as line 1: no cell is guessed."""
    width = layout.width
    readers = [(column.read, place) for column, place in zip(columns, layout.places, strict=True)]
    for line, cells, line_after, offset_after in found:
        values = None
        if len(cells) == width:
            try:
                values = tuple(
                    ["" if place is None else read(cells[place], zone) for read, place in readers]
                )
            except CellRefused:  # _faults tells of this cell and of the others
                values = None
        if values is None:
            faults = _faults(line, cells, layout, columns, zone)
            yield BadRow(line, faults, line_after, offset_after)
        else:
            yield GoodRow(line, values, line_after, offset_after)


def _faults(
    line: int, cells: list[str], layout: FileLayout, columns: Columns, zone: ZoneInfo
) -> tuple[RowFault, ...]:
    if len(cells) != layout.width:
        reason = f"has {counted(len(cells), 'cell')}; {layout.width} are wanted"
        return (RowFault(line, "", reason),)
    found = []
    for column, place in zip(columns, layout.places, strict=True):
        try:
            if place is not None:
                column.read(cells[place], zone)
        except CellRefused as refused:
            found.append(RowFault(line, column.name, str(refused)))
    return tuple(found)
