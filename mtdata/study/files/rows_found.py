"""The rows of any CSV file, one by one with their place; a file that is none gives no row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mtdata.core.csv_lines import csv_cells
from mtdata.core.errors import EntryError
from mtdata.core.ports import Disk
from mtdata.study.files.sheets import header_of, row_spans

LONGEST = 64 << 20
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


class SheetRows:
    """One CSV file; `columns` is empty for what does not begin with a line of names."""

    def __init__(self, disk: Disk, path: str) -> None:
        self._disk, self._path = disk, path
        header = header_of(disk, path)
        names = tuple(name.removeprefix(BOM) for name in header)
        self.columns = () if len(names) == 1 and OTHER & set(names[0]) else names
        self.unread = 0  # rows that cannot be read as such

    def rows(self) -> Iterator[FoundRow]:
        """Every row that has a cell for each column."""
        place = self.columns.index("id") if "id" in self.columns else -1
        for start, length in self._spans():
            cells = self._cells(start, length)
            if len(cells) != len(self.columns):
                self.unread += 1
                continue
            yield FoundRow(start, length, _number(cells[place]) if place >= 0 else None, cells)

    def _spans(self) -> Iterator[tuple[int, int]]:
        return row_spans(self._disk, self._path, unended=True) if self.columns else iter(())

    def _cells(self, start: int, length: int) -> list[str]:
        try:
            return csv_cells(self._disk.read(self._path, start, min(length, LONGEST)))
        except EntryError:
            return []


def _number(text: str) -> int | None:
    is_id = text.isascii() and text.isdecimal() and len(text) < 20
    return int(text) if is_id else None
