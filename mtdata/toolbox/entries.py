"""The entries of one scale as a table of a database, and which columns came and went on which day.

The table is called `entries`, whatever the scale: one is there at a time, so memory stays flat.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mtdata.toolbox.columns import Frame, frame_of
from mtdata.toolbox.database import PoolDatabase
from mtdata.toolbox.faults import ScaleRefused
from mtdata.toolbox.sheets import OWN
from mtdata.toolbox.source import Source

TABLE = "entries"
_MADE = ("judged", "dropped", "kept", "scored", "pseudonyms")
"""Tables that are made of it; `numbered` is a view of it."""


@dataclass
class Spans:
    """Which columns the sheets of a scale had on which days, and how many rows stood there."""

    rows: int = 0
    days: dict[str, int] = field(default_factory=dict)
    columns: dict[str, dict[str, int]] = field(default_factory=dict)
    """By the column's name in small letters: rows by day."""

    def add(self, batch: pa.Table) -> None:
        """Note what a batch of rows has."""
        counts = {one["values"]: one["counts"] for one in pc.value_counts(batch["day"]).to_pylist()}
        self.rows += batch.num_rows
        _add(self.days, counts)
        for name in batch.column_names:
            if name not in OWN:
                _add(self.columns.setdefault(name.casefold(), {}), counts)

    def rows_without(self, column: str) -> int:
        """How many rows stand in sheets that lack the column."""
        return self.rows - sum(self.columns.get(column.casefold(), {}).values())


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for day, count in more.items():
        counts[day] = counts.get(day, 0) + count


@dataclass(frozen=True)
class ScaleEntries:
    """A scale in a database: its columns, without `server` and `day`, sorted by name as sheets."""

    database: PoolDatabase
    source: Source
    columns: tuple[str, ...]
    spans: Spans

    @property
    def scale(self) -> str:
        """The scale's name."""
        return self.source.scale

    @cached_property
    def frame(self) -> Frame:
        """The columns that say whose an entry is."""
        return frame_of(self.scale, self.columns)

    def run(self, statement: str, *values: Any) -> None:
        """Carry out one statement that answers nothing."""
        self.database.connection.execute(statement, list(values))

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of an answer that is known to be small."""
        return self.database.rows(statement, *values)

    def number(self, statement: str) -> int:
        """The one whole number that a statement answers."""
        return int(self.rows(statement)[0][0] or 0)


@contextmanager
def loaded(database: PoolDatabase, source: Source) -> Iterator[ScaleEntries]:
    """The entries of a scale as the table `entries`, which goes when this ends.

    ScaleRefused (65) where its sheets have no column at all.
    """
    spans = Spans()
    try:
        for batch in source.batches():
            spans.add(batch)
            database.append(TABLE, batch)
        columns = _columns(database)
        if not columns:
            raise ScaleRefused(f"{source.scale}: there is no entry, nor a column")
        database.connection.execute("SET TimeZone = 'UTC'")
        yield ScaleEntries(database, source, columns, spans)
    finally:
        _drop(database)


def _columns(database: PoolDatabase) -> tuple[str, ...]:
    known = database.rows("SELECT column_name FROM duckdb_columns() WHERE table_name = ?", TABLE)
    return tuple(sorted(name for (name,) in known if name not in OWN))


def _drop(database: PoolDatabase) -> None:
    database.connection.execute("DROP VIEW IF EXISTS numbered")
    for name in (*_MADE, TABLE):
        database.connection.execute(f"DROP TABLE IF EXISTS {name}")
