"""Rows of a file into a table, a batch at a time: each is one commit with the place behind it.

After a crash it goes on behind the last batch that was committed.  Which rows are there already is
known by the table alone, and asked within the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from django.db import IntegrityError

from mtdata.core.border import Border
from mtdata.core.errors import JobError
from mtdata.jobs.kind import Work
from mtdata.jobs.records.relaxed import relax, relaxed
from mtdata.programme import uploads
from mtdata.programme.columns import Columns
from mtdata.programme.csv_file import rows
from mtdata.programme.header import read_layout
from mtdata.programme.row_check import BadRow, GoodRow, checked

DAMAGED = "what is kept of how far it came is damaged; stop it, and begin anew"
TRIES = 5
CheckedRow = GoodRow | BadRow


class RowCounts(NamedTuple):
    """What became of the rows so far."""

    new: int = 0
    updated: int = 0
    skipped: int = 0  # they were there
    bad: int = 0  # left out, for they are wrong

    def plus(self, other: RowCounts) -> RowCounts:
        """The sum of both."""
        return RowCounts(*(mine + its for mine, its in zip(self, other, strict=True)))

    @property
    def rows(self) -> int:
        """All of them."""
        return sum(self)

    def __str__(self) -> str:
        names = zip(("new", "updated", "there already", "left out"), self, strict=True)
        return ", ".join(f"{count:,} {name}" for name, count in names if count) or "no row"


class Place(NamedTuple):
    """Where in a file the next row is looked for, and what became of those before."""

    line: int
    offset: int
    counts: RowCounts = RowCounts()
    is_end: bool = False  # all rows are written, and the file is needed no more

    @classmethod
    def of_checkpoint(cls, kept: Any) -> Place:
        """As it was kept.  JobError where that is damaged."""
        with Border(JobError, DAMAGED):
            is_end, line, offset, *counts = map(int, kept)
            return cls(line, offset, RowCounts(*counts), bool(is_end))

    def checkpoint(self) -> list[int]:
        """As it is kept."""
        return [int(self.is_end), self.line, self.offset, *self.counts]


class RowWriter(Protocol):
    """Writes rows of one sort; its caller makes the commit."""

    def write(self, rows: Sequence[tuple[Any, ...]]) -> RowCounts:
        """Write these, in the order of their lines.  JobError where one must not be there.

        IntegrityError where one is there that was not looked for.
        """
        ...

    def doubt(self) -> None:
        """Look for what is there before the next is written: one was."""
        ...


def rows_from(
    place: Place | None, upload: Any, columns: Columns, zone: ZoneInfo
) -> tuple[Iterator[CheckedRow], Place]:
    """The rows of a file from that place on (None: all of them), and the place itself."""
    layout = read_layout(uploads.content(upload), columns)
    begin = place or Place(layout.line, layout.offset)
    pieces = uploads.content(upload, begin.offset)
    found = rows(pieces, layout, begin.line, begin.offset)
    return checked(found, layout, columns, zone), begin


def import_rows(
    work: Work, found: Iterator[CheckedRow], place: Place, writer: RowWriter, expected: int
) -> Place:
    """Write the rows that come from that place on; the place behind all of the file."""
    with relaxed():
        return _import_batches(work, found, place, writer, expected)


def _import_batches(
    work: Work, found: Iterator[CheckedRow], place: Place, writer: RowWriter, expected: int
) -> Place:
    while batch := list(islice(found, work.settings.programme.batch)):
        work.stop_token.check()
        good = [row.values for row in batch if isinstance(row, GoodRow)]
        last, before = batch[-1], place.counts.plus(RowCounts(bad=len(batch) - len(good)))
        _commit(work, writer, partial(_written, writer, good, last, before))
        place = Place.of_checkpoint(work.checkpoint)
        work.progress(place.counts.rows, expected)
    return place


def _commit(work: Work, writer: RowWriter, move: Callable[[], list[int]]) -> None:
    for _ in range(TRIES):
        try:
            return work.commit(move)
        except IntegrityError:  # nothing of it was written
            writer.doubt()
    raise JobError("others write the same rows at once, again and again; try it later")


def _written(
    writer: RowWriter, good: Sequence[tuple[Any, ...]], last: CheckedRow, before: RowCounts
) -> list[int]:
    """Write a batch; the checkpoint behind it."""
    relax()
    counts = before.plus(writer.write(good)) if good else before
    return Place(last.line_after, last.offset_after, counts).checkpoint()
