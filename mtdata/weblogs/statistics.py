"""How many files, bytes, lines and hits a site had on each day, as tables; pure, reads no file.

`.stat` is the original's text table: cells between |, a line of - under the titles.  Its guide
leaves the titles open; ours are COLUMNS.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from mtdata.weblogs.source import LogObject

COLUMNS = (
    "Site",
    "Date",
    "Files",
    "Total bytes",
    "Average bytes",
    "Lines",
    "Hits",
    "Skipped",
    "Skipped by reason",
)
_UNDERLINE = re.compile(r"[-=+|\s]*")
_SPACES = re.compile(r"\s+")
_NUMBERS_FROM, _NUMBERS_TO = 2, 8
"""Columns that are set to the right."""


@dataclass(frozen=True, slots=True)
class DayStatistics:
    """One site and day; `total_bytes` as stored, `skipped` lines by reason."""

    site: str
    day: date
    files: int = 0
    total_bytes: int = 0
    lines: int = 0
    hits: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def average_bytes(self) -> int:
        """Bytes a file, rounded to the nearest; 0 without files."""
        return (self.total_bytes + self.files // 2) // self.files if self.files else 0

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of COLUMNS, numbers as plain digits."""
        reasons = " ".join(f"{reason}={count}" for reason, count in sorted(self.skipped.items()))
        numbers = (self.files, self.total_bytes, self.average_bytes, self.lines, self.hits)
        counted = (*numbers, sum(self.skipped.values()))
        return (self.site, self.day.isoformat(), *map(str, counted), reasons)


def day_statistics(
    site: str,
    day: date,
    listed: Iterable[LogObject],
    *,
    lines: int = 0,
    hits: int = 0,
    skipped: Mapping[str, int] | None = None,
) -> DayStatistics:
    """The day by its listing, and by what the ledger counted of its lines."""
    sizes = [one.size for one in listed]
    return DayStatistics(site, day, len(sizes), sum(sizes), lines, hits, dict(skipped or {}))


def stat_table(days: Iterable[DayStatistics]) -> str:
    """A `.stat` table with a row a day, columns as wide as their widest cell."""
    rows = [one.cells for one in days]
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    lines = [_line(COLUMNS, widths), "-|-".join("-" * width for width in widths)]
    return "\n".join(lines + [_line(row, widths) for row in rows]) + "\n"


def stat_csv(days: Iterable[DayStatistics]) -> str:
    """A row a day as CSV under COLUMNS, every cell quoted."""
    return _csv([COLUMNS, *(one.cells for one in days)])


def csv_of_stat(text: str) -> str:
    """A `.stat` table, ours or the original's, as CSV with every cell quoted.

    Lines of - and empty ones go; cells are what stands between |, or without any between spaces.
    """
    return _csv(_stat_rows(text))


def _stat_rows(text: str) -> Iterator[Sequence[str]]:
    for line in text.removeprefix("\ufeff").splitlines():
        if _UNDERLINE.fullmatch(line):
            continue
        if "|" in line:
            yield [cell.strip() for cell in _inner(line).split("|")]
        else:
            yield _SPACES.split(line.strip())


def _inner(line: str) -> str:
    """A row without the | that some tables have at both ends."""
    row = line.strip()
    return row[1:-1] if len(row) > 1 and row[0] == row[-1] == "|" else row


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.rjust(width) if _NUMBERS_FROM <= number < _NUMBERS_TO else cell.ljust(width)
        for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return " | ".join(padded).rstrip()


def _csv(rows: Iterable[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return written.getvalue()
