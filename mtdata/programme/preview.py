"""What a file would bring, before anything of it is written: it is read once, and nothing changes.

Memory is bounded by the first rows and faults, whatever the size of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from mtdata.programme.columns import Columns
from mtdata.programme.csv_file import rows
from mtdata.programme.header import split_header
from mtdata.programme.row_check import MOST_FAULTS, FileCheck, GoodRow, RowFault, checked

FIRST, LOOKED_UP, CELL = 5, 500, 80
Values = tuple[Any, ...]
CountThere = Callable[[Sequence[Values]], int]
"""How many of these rows are in the table already."""


@dataclass(frozen=True)
class FilePreview:
    """What a whole file holds, the first of its good rows, and how many of all these are there.

    Of a cell of the first rows there are CELL characters at most.
    """

    check: FileCheck
    first: tuple[tuple[str, ...], ...] = field(repr=False)
    there: int


def preview_file(
    pieces: Iterable[bytes], columns: Columns, zone: ZoneInfo, count_there: CountThere
) -> FilePreview:
    """Read a file from its first byte to its end.  FileRefused where it cannot be read."""
    layout, rest = split_header(pieces, columns)
    good = bad = there = 0
    faults: list[RowFault] = []
    first: list[tuple[str, ...]] = []
    asked: list[Values] = []
    for row in checked(rows(rest, layout, layout.line, layout.offset), layout, columns, zone):
        if not isinstance(row, GoodRow):
            bad += 1
            faults.extend(row.faults[: MOST_FAULTS - len(faults)])
            continue
        good += 1
        if len(first) < FIRST:
            first.append(tuple(map(_cell, row.values)))
        asked.append(row.values)
        if len(asked) == LOOKED_UP:
            there += count_there(asked)
            asked.clear()
    there += count_there(asked) if asked else 0
    check = FileCheck(good + bad, good, bad, tuple(faults), layout)
    return FilePreview(check, tuple(first), there)


def _cell(value: Any) -> str:
    text = str(value)
    return text if len(text) <= CELL else f"{text[:CELL]} ..."


def count_no_row(rows: Sequence[Values]) -> int:
    """For rows that are each one of its own: none of them is there."""
    return 0


def count_names(rows: Sequence[Values]) -> int:
    """Of teams: how many names of these rows are in the table already."""
    from mtdata.jobs.records.asking import asking  # with Django
    from mtdata.programme.records.models import Team
    from mtdata.programme.teams import name_key

    keys = {name_key(row[0]) for row in rows}
    with asking():
        return int(Team.objects.filter(name_key__in=keys).count())
