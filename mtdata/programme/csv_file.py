"""The bytes of a CSV file into rows, each with its line and the byte behind it; it judges no cell.

Memory is bounded by a row and a block, whatever the size of the file.  Lines end as CRLF, LF or CR.
A reading that goes on behind any row gives exactly the rows that remain.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple

from mtdata.programme.csv_refusal import LONGEST_CELL, LONGEST_ROW, FileRefused, refusal

MOST_COLUMNS = 256
BLOCK = 128 * 1024


class FileLayout(NamedTuple):
    """How the rows of a file are written, and where the first of them begins."""

    delimiter: str
    places: tuple[int | None, ...]  # of each column: the number of its cell, from 0
    unknown: tuple[str, ...]  # names in the header that mean no column; their cells are left out
    by_position: bool  # the header has no name that is known: the original platform's order
    width: int  # cells of each row
    line: int
    offset: int


class CsvRow(NamedTuple):
    """A row: the line on which it begins, and the line and the byte behind it."""

    line: int
    cells: list[str]
    line_after: int
    offset_after: int


def rows(
    pieces: Iterable[bytes], layout: FileLayout, line: int, offset: int, block: int = BLOCK
) -> Iterator[CsvRow]:
    """The rows of a file whose `pieces` begin at that line and byte; blank lines are none.

    FileRefused where it cannot be read further, behind all rows before that place.
    """
    source, rest, is_last = iter(pieces), b"", False
    while not is_last:
        # twice what is left: a long row that comes in small pieces is not read again for each
        rest, is_last = filled(rest, source, max(block, 2 * len(rest)))
        lines = whole_lines(rest, is_last=is_last)
        ends = list(accumulate(map(len, lines), initial=0))
        reader = csv.reader(map(bytes.decode, lines), delimiter=layout.delimiter, strict=True)
        after, is_broken = 0, False
        try:
            for cells in reader:
                start, after = after, reader.line_num
                size = ends[after] - ends[start]
                if size > LONGEST_CELL and is_too_long(cells, size):
                    after, is_broken = start, True
                    break
                if len(cells) > MOST_COLUMNS:
                    raise too_wide(cells, line + start)
                if cells:
                    yield CsvRow(line + start, cells, line + after, offset + ends[after])
        except (csv.Error, UnicodeDecodeError):  # refusal() finds out where and why
            is_broken = True
        line, offset, rest = line + after, offset + ends[after], rest[ends[after] :]
        if is_broken or len(rest) > LONGEST_ROW:
            refused = refusal(rest, layout.delimiter, line, offset, is_last=is_last)
            if refused:
                raise refused


def filled(rest: bytes, source: Iterator[bytes], size: int) -> tuple[bytes, bool]:
    """What is left and pieces behind it, so many bytes or more; True where the file ends there."""
    parts, length = [rest], len(rest)
    for piece in source:
        parts.append(piece)
        length += len(piece)
        if length >= size:
            return b"".join(parts), False
    return b"".join(parts), True


def whole_lines(text: bytes, *, is_last: bool) -> list[bytes]:
    """The lines without the last where it may go on; a CR at the end may be half of a CRLF."""
    lines = text.splitlines(keepends=True)
    return lines if is_last or text.endswith(b"\n") else lines[:-1]


def too_wide(cells: list[str], line: int) -> FileRefused:
    """The refusal of a row with more than MOST_COLUMNS."""
    return FileRefused(f"{len(cells):,} columns; at most {MOST_COLUMNS} are allowed", line)


def is_too_long(cells: list[str], size: int) -> bool:
    """Whether a row of so many bytes, or a cell of it, is longer than allowed.

    The csv module has a limit for the whole program, which others set as they need it.
    """
    return size > LONGEST_ROW or max(map(len, cells), default=0) > LONGEST_CELL
