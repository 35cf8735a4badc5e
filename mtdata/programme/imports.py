"""Rows of a file into a table, a batch at a time: each is one commit with the place behind it.

After a crash it goes on behind the last batch that was committed.  Which rows are there already is
known by the table alone, and asked within the commit.  A window of rows is written in the order of
their keys, not of their lines: a batch then touches a few pages of an index and not one a row.
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
WINDOW, WINDOW_BYTES = 5000, 4 << 20
"""Rows that are put in order together: so many, or those of so many bytes."""
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
    """Where in a file the next window begins, and what became of the rows so far.

    Of the window that begins there, which has so many rows, `done` are written; 0 of 0 where none
    was begun.
    """

    line: int
    offset: int
    counts: RowCounts = RowCounts()
    is_end: bool = False  # all rows are written, and the file is needed no more
    done: int = 0
    window: int = 0

    @classmethod
    def of_checkpoint(cls, kept: Any) -> Place:
        """As it was kept.  JobError where that is damaged."""
        with Border(JobError, DAMAGED):
            is_end, line, offset, new, updated, skipped, bad, *begun = map(int, kept)
            counts = RowCounts(new, updated, skipped, bad)
            return cls(line, offset, counts, bool(is_end), *begun)

    def checkpoint(self) -> list[int]:
        """As it is kept."""
        return [int(self.is_end), self.line, self.offset, *self.counts, self.done, self.window]


class RowWriter(Protocol):
    """Writes rows of one sort; its caller makes the commit."""

    def key(self, values: tuple[Any, ...]) -> str:
        """By what an index has the row; rows without one have "", and stay as they come."""
        ...

    def write(self, rows: Sequence[tuple[Any, ...]]) -> RowCounts:
        """Write these; of one key the first came first.  JobError where one must not be there.

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
    size = work.settings.programme.batch
    while window := _window(found, place):
        last, place = window[-1], place._replace(window=len(window))
        behind = Place(last.line_after, last.offset_after)
        window.sort(key=partial(_key, writer))
        while place.done < place.window:
            work.stop_token.check()
            batch = window[place.done : place.done + size]
            done = place.done + len(batch)
            after = behind if done == place.window else place._replace(done=done)
            _commit(work, writer, partial(_written, writer, batch, place.counts, after))
            place = Place.of_checkpoint(work.checkpoint)
            work.progress(place.counts.rows, expected)
    return place


def _window(found: Iterator[CheckedRow], place: Place) -> list[CheckedRow]:
    """The rows of the next window; one that was begun has as many as it had then."""
    if place.window:
        rows = list(islice(found, place.window))
        if len(rows) != place.window or not 0 < place.done < place.window:
            raise JobError(DAMAGED)
        return rows
    rows = []
    for row in islice(found, WINDOW):
        rows.append(row)
        if row.offset_after - place.offset > WINDOW_BYTES:
            break
    return rows


def _key(writer: RowWriter, row: CheckedRow) -> str:
    return writer.key(row.values) if isinstance(row, GoodRow) else ""


def _commit(work: Work, writer: RowWriter, move: Callable[[], list[int]]) -> None:
    for _ in range(TRIES):
        try:
            return work.commit(move)
        except IntegrityError:  # nothing of it was written
            writer.doubt()
    raise JobError("others write the same rows at once, again and again; try it later")


def _written(
    writer: RowWriter, batch: Sequence[CheckedRow], before: RowCounts, after: Place
) -> list[int]:
    """Write a batch; the checkpoint behind it."""
    relax()
    good = [row.values for row in batch if isinstance(row, GoodRow)]
    counts = before.plus(RowCounts(bad=len(batch) - len(good)))
    if good:
        counts = counts.plus(writer.write(good))
    return after._replace(counts=counts).checkpoint()
