"""The entries of one scale as a table of a database, and which columns came and went on which day.

The table is called `entries`, whatever the scale: one is there at a time, so memory stays flat.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from mtdata.core.errors import StorageError
from mtdata.toolbox.columns import Frame, frame_of
from mtdata.toolbox.database import PoolDatabase
from mtdata.toolbox.faults import ScaleRefused
from mtdata.toolbox.rows import fold, unique_names
from mtdata.toolbox.sheets import OWN
from mtdata.toolbox.source import Source

TABLE, ROWID = "entries", "rowid"
_MADE = ("judged", "dropped", "kept", "scored", "pseudonyms")
"""Tables that are made of it; `numbered` is a view of it."""


@dataclass
class Spans:
    """Which columns the sheets of a scale had on which days, and how many rows stood there."""

    _by_header: dict[frozenset[str], dict[str, int]] = field(default_factory=dict)

    def add(self, batch: pa.Table) -> None:
        """Note what a batch of rows has."""
        header = frozenset(fold(name) for name in batch.column_names if name not in OWN)
        known = self._by_header.setdefault(header, {})
        for found in pc.value_counts(batch["day"]).to_pylist():
            known[found["values"]] = known.get(found["values"], 0) + found["counts"]

    @cached_property
    def days(self) -> frozenset[str]:
        """Those with rows."""
        return frozenset(day for known in self._by_header.values() for day in known)

    def changed_columns(self) -> dict[str, frozenset[str]]:
        """Days of each column that was not in every sheet with rows; by its name in small letters.

        On a day of two sheets a column was there if one of them has it.
        """
        headers = list(self._by_header)
        changed = frozenset().union(*headers) - frozenset.intersection(*headers) if headers else ()
        return {
            name: frozenset(
                day for header in headers if name in header for day in self._by_header[header]
            )
            for name in changed
        }

    def rows_without(self, column: str) -> int:
        """How many rows stand in sheets that lack the column."""
        name = fold(column)
        return sum(
            sum(known.values()) for header, known in self._by_header.items() if name not in header
        )


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
        self.database.rows(statement, *values)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of an answer that is known to be small."""
        return self.database.rows(statement, *values)

    def number(self, statement: str) -> int:
        """The one whole number that a statement answers."""
        return int(self.rows(statement)[0][0] or 0)


@contextmanager
def loaded(database: PoolDatabase, source: Source) -> Iterator[ScaleEntries]:
    """The entries of a scale as the table `entries`, which goes when this ends.

    ScaleRefused (65) where its sheets have no column at all, StorageError (74) where the database
    has no room for what it does with them.
    """
    spans = Spans()
    try:
        for batch in source.batches():
            named = _without_rowid(batch)
            spans.add(named)
            database.append(TABLE, named)
        columns = _columns(database)
        if not columns:
            raise ScaleRefused(f"{source.scale}: there is no entry, nor a column")
        database.connection.execute("SET TimeZone = 'UTC'")
        yield ScaleEntries(database, source, columns, spans)
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise StorageError(
            f"{source.scale}: the database has no room ({type(error).__name__}); its files lie in "
            "TMPDIR. Nothing was written"
        ) from None
    finally:
        _drop(database)


def _without_rowid(batch: pa.Table) -> pa.Table:
    """A column of that name would stand in the place of the database's own."""
    if ROWID not in map(fold, batch.column_names):
        return batch
    names = [name for name in batch.column_names if name not in OWN]
    return batch.rename_columns([*OWN, *unique_names(names, taken=[*OWN, ROWID])])


def _columns(database: PoolDatabase) -> tuple[str, ...]:
    known = database.rows("SELECT column_name FROM duckdb_columns() WHERE table_name = ?", TABLE)
    return tuple(sorted(name for (name,) in known if name not in OWN))


def _drop(database: PoolDatabase) -> None:
    database.connection.execute("DROP VIEW IF EXISTS numbered")
    for name in (*_MADE, TABLE):
        database.connection.execute(f"DROP TABLE IF EXISTS {name}")
