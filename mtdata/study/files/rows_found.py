"""The rows of any CSV file, one by one with their place; a file that is none gives no row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mtdata.core.csv_lines import csv_cells
from mtdata.core.errors import EntryError
from mtdata.core.ports import Disk
from mtdata.study.files.archive import runs
from mtdata.study.files.sheet_lines import header_of, row_spans
from mtdata.study.model.receipt import Span

BOM = "\ufeff"
OTHER = frozenset(";\t|")
"""What divides the cells where no comma does: such a file is not looked into."""


class FoundRow(NamedTuple):
    """A row: where it stands, its cells; `id` is that of its column id, None without one."""

    start: int
    length: int
    id: int | None
    cells: list[str]

    def __repr__(self) -> str:
        return f"FoundRow({self.start}, {self.length})"


class SheetLines:
    """One CSV file; `columns` is empty for what does not begin with a line of names."""

    def __init__(self, disk: Disk, path: str) -> None:
        self._disk, self._path = disk, path
        header = header_of(disk, path)
        names = tuple(name.removeprefix(BOM) for name in header)
        self.columns = () if len(names) == 1 and OTHER & set(names[0]) else names
        self.unread = 0  # rows that cannot be read as such

    def rows(self, holding: bytes = b"") -> Iterator[FoundRow]:
        """Every row that has a cell for each column, and these bytes somewhere."""
        place = self.columns.index("id") if "id" in self.columns else -1
        for start, line in self._lines():
            if holding and holding not in line:
                continue
            cells = _cells(line)
            if len(cells) != len(self.columns):
                self.unread += 1
                continue
            number = _number(cells[place]) if place >= 0 else None
            yield FoundRow(start, len(line), number, cells)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Where each row begins, and its bytes; neighbours are read in one go."""
        if not self.columns:
            return
        places = row_spans(self._disk, self._path, unended=True)
        for block in runs(Span(0, *place) for place in places):
            first = block[0].start
            length = block[-1].start + block[-1].length - first
            content = self._disk.read(self._path, first, length)
            for _, start, size in block:
                yield start, content[start - first : start - first + size]


def _cells(line: bytes) -> list[str]:
    try:
        return csv_cells(line)
    except EntryError:
        return []


def _number(text: str) -> int | None:
    is_id = text.isascii() and text.isdecimal() and len(text) < 20
    return int(text) if is_id else None
