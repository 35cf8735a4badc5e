"""Line 1 of a CSV file: the delimiter, and which cell of a row is which column; it reads no row."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from mtdata.core.words import counted
from mtdata.programme.columns import Columns, FileColumn
from mtdata.programme.csv_file import (
    MOST_COLUMNS,
    FileLayout,
    filled,
    is_too_long,
    too_wide,
    whole_lines,
)
from mtdata.programme.csv_refusal import LONGEST_ROW, FileRefused, refusal

DELIMITERS = (",", ";", "\t", "|")
_BOM = codecs.BOM_UTF8
_OTHERS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, which begins alike
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
    (b"PK\x03\x04", "a spreadsheet or archive (ZIP)"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet of an old Excel"),
    (b"\x1f\x8b", "packed (gzip)"),
)
"""How files begin that are no CSV in UTF-8."""
_LONGEST_NAME = 100


class _Header(NamedTuple):
    """Line 1 as one delimiter divides it."""

    delimiter: str
    cells: list[str]
    line: int  # behind it
    offset: int

    @property
    def names(self) -> list[str]:
        return [cell.strip().casefold() for cell in self.cells]


def read_layout(pieces: Iterable[bytes], columns: Columns) -> FileLayout:
    """The layout that line 1 tells; of the file no more is read than a row may be long.

    FileRefused for a file that is empty, is no CSV in UTF-8, or lacks a column.
    """
    return split_header(pieces, columns)[0]


def split_header(pieces: Iterable[bytes], columns: Columns) -> tuple[FileLayout, Iterator[bytes]]:
    """The layout, and what stands behind the header in pieces.  FileRefused as read_layout."""
    source = iter(pieces)
    head, is_last = filled(b"", source, len(_BOM) + LONGEST_ROW + 1)
    for start, sort in _OTHERS:
        if head.startswith(start):
            raise FileRefused(f"the file is {sort}; save it as CSV in UTF-8")
    header = _best_header(head, columns, is_last=is_last)
    names = header.names
    known = {name for column in columns for name in column.headers}
    if known.isdisjoint(names):
        layout = _by_position(header, columns)
    else:
        layout = _by_name(header, columns, known)
    return layout, chain([head[layout.offset :]], source)


def _best_header(head: bytes, columns: Columns, *, is_last: bool) -> _Header:
    """By the delimiter with which most names are known, then by that which makes most cells.

    FileRefused where line 1 cannot be read by that one, though another makes a single cell of it.
    """
    known = {name for column in columns for name in column.headers}
    line = head[:LONGEST_ROW].splitlines()[0] if head else b""
    text = line.decode("utf-8-sig", "replace")
    headers: dict[tuple[int, bool, int], _Header | FileRefused] = {}
    for delimiter in DELIMITERS:
        names = {part.strip(' "').casefold() for part in text.split(delimiter)}
        try:
            header = _header(head, delimiter, is_last=is_last)
            names, count = set(header.names), len(header.cells) - 1
            is_divided = count > 0 or not known.isdisjoint(names)
            headers.setdefault((len(known & names), is_divided, count), header)
        except FileRefused as refused:
            headers.setdefault((len(known & names), False, text.count(delimiter)), refused)
    best = headers[max(headers)]
    if isinstance(best, FileRefused):
        raise best
    return best


def _header(head: bytes, delimiter: str, *, is_last: bool) -> _Header:
    """Line 1, or several where a cell of it has line ends.  FileRefused where it is no row."""
    bom = len(_BOM) if head.startswith(_BOM) else 0
    lines = whole_lines(head[bom:], is_last=is_last)
    reader = csv.reader(map(bytes.decode, lines), delimiter=delimiter, strict=True)
    try:
        cells = next(reader, None)
    except (csv.Error, UnicodeDecodeError):
        cells = None
    size = sum(map(len, lines[: reader.line_num]))
    if not head[bom:]:
        raise FileRefused("the file is empty")
    if cells is None or is_too_long(cells, size):
        refused = refusal(head[bom:], delimiter, 1, bom, is_last=is_last)
        raise refused or FileRefused("it cannot be read as CSV", 1)
    if len(cells) > MOST_COLUMNS:
        raise too_wide(cells, 1)
    if not cells:
        raise FileRefused("it is blank; the names of the columns belong there", 1)
    if any("\0" in cell for cell in cells):
        raise FileRefused("it has NUL bytes; save the file as CSV in UTF-8, not in UTF-16", 1)
    return _Header(delimiter, cells, 1 + reader.line_num, bom + size)


def _by_position(header: _Header, columns: Columns) -> FileLayout:
    width = len(header.cells)
    for number, column in enumerate(columns, 1):
        if column.is_needed and number > width:
            reason = f"{counted(width, 'column')}, and none has a name that is known"
            raise FileRefused(f"{reason}; by position {column.name} is column {number}", 1)
    places = tuple(place if place < width else None for place in range(len(columns)))
    return FileLayout(header.delimiter, places, (), True, width, header.line, header.offset)


def _by_name(header: _Header, columns: Columns, known: set[str]) -> FileLayout:
    names = header.names
    for number, name in enumerate(names, 1):
        if name and name in names[: number - 1]:
            first = names.index(name) + 1
            raise FileRefused(f"columns {first} and {number} have one name", 1, number)
    places = tuple(_cell_number(column, names) for column in columns)
    unknown = tuple(
        cell.strip()[:_LONGEST_NAME] or f"column {number}"
        for number, cell in enumerate(header.cells, 1)
        if names[number - 1] not in known
    )
    width = len(names)
    return FileLayout(header.delimiter, places, unknown, False, width, header.line, header.offset)


def _cell_number(column: FileColumn, names: Sequence[str]) -> int | None:
    places = [number for number, name in enumerate(names) if name in column.headers]
    if len(places) > 1:
        first, second = places[0] + 1, places[1] + 1
        raise FileRefused(f"columns {first} and {second} are both {column.name}", 1, second)
    if not places and column.is_needed:
        raise FileRefused(f"there is no column {' or '.join(column.headers)}", 1)
    return places[0] if places else None
