"""A database in memory with scales of pools as tables, for questions in SQL; it is shut in.

DuckDB does the heavy work.  What does not fit into MEMORY_MB lies in a folder of our own until the
database is closed.  Once `shut` it opens no file, no network and no other database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from mtdata.toolbox.interrupting import InterruptibleCalls
from mtdata.toolbox.pools import ARRIVING, Pools
from mtdata.toolbox.rows import fold
from mtdata.toolbox.spill import spill_folder

MEMORY_MB = 192
CELLS = 400_000
"""An answer comes in batches of about so many cells."""
COLUMN_ROOM_MB = 1 / 8
"""What a column takes while rows are put into it; thousands of them need more than that."""
FEW = 8
"""To add so many columns one by one is quicker than to write the table anew."""
_KINDS: dict[str, type[duckdb.Error]] = {
    "Conversion Error": duckdb.ConversionException,
    "Invalid Input Error": duckdb.InvalidInputException,
    "IO Error": duckdb.IOException,
    "Out of Memory Error": duckdb.OutOfMemoryException,
    "Out of Range Error": duckdb.OutOfRangeException,
}


class PoolDatabase:
    """Tables of scales, each loaded when it is first named."""

    def __init__(self, pools: Pools, connection: duckdb.DuckDBPyConnection) -> None:
        self.pools, self.connection = pools, connection
        self.calls = InterruptibleCalls(connection.interrupt)
        self._loaded: dict[str, bool] = {}  # by scale, whether with every snapshot
        self._room_mb = MEMORY_MB

    def table(self, scale: str, *, every_snapshot: bool = False) -> str:
        """The quoted name of the table of a scale, which is loaded now if it was not.

        Its columns are `server`, `day` and every column that any of its sheets has, all VARCHAR.
        """
        scale = self.pools.named(scale)
        name = self.pools.table_names[scale]
        if self._loaded.get(scale) is not every_snapshot:
            self.drop(scale)
            self._load(name, self.pools.tables(scale, every_snapshot=every_snapshot))
            self._loaded[scale] = every_snapshot
        return identifier(name)

    def drop(self, scale: str) -> None:
        """Free what the table of a scale holds; it is loaded anew when it is named again."""
        self._loaded.pop(scale, None)
        self._execute(f"DROP TABLE IF EXISTS {identifier(self.pools.table_names[scale])}")

    def _load(self, name: str, batches: Iterable[pa.Table]) -> None:
        """All or nothing: half a table would be doubled by whoever loads it again."""
        try:
            for batch in batches:
                self.append(name, batch)
        except BaseException:
            self._execute(f"DROP TABLE IF EXISTS {identifier(name)}")
            raise

    def append(self, name: str, batch: pa.Table) -> None:
        """Put rows into the table of that name; columns that it lacks are added to it."""
        quoted = identifier(name)
        known = self._columns(name)
        fresh = [column for column in batch.column_names if fold(column) not in known]
        self._make_room(len(known) + len(fresh))
        if not known:
            self._execute(f"CREATE TABLE {quoted} AS FROM {identifier(ARRIVING)} LIMIT 0", batch)
        elif fresh:
            self._widen(quoted, fresh)
        self._execute(f"INSERT INTO {quoted} BY NAME FROM {identifier(ARRIVING)}", batch)

    def _make_room(self, columns: int) -> None:
        wanted = int(columns * COLUMN_ROOM_MB)
        if wanted > self._room_mb:
            self._room_mb = wanted
            self._execute(f"SET memory_limit = '{wanted}MB'")

    def _widen(self, quoted: str, columns: list[str]) -> None:
        names = [identifier(column) for column in columns]
        if len(names) <= FEW:
            for name in names:
                self._execute(f"ALTER TABLE {quoted} ADD COLUMN {name} VARCHAR")
            return
        added = ", ".join(f"NULL::VARCHAR AS {name}" for name in names)
        widened = f"SELECT *, {added} FROM {quoted}"
        self._execute(f"CREATE OR REPLACE TABLE {quoted} AS {widened}")

    def _columns(self, name: str) -> set[str]:
        found = self.rows("SELECT column_name FROM duckdb_columns() WHERE table_name = ?", name)
        return {fold(column) for (column,) in found}

    def _execute(self, statement: str, batch: pa.Table | None = None) -> None:
        if batch is not None:
            self.connection.register(ARRIVING, batch)
        self.calls(lambda: self.connection.execute(statement))
        if batch is not None:
            self.connection.unregister(ARRIVING)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of an answer that is known to be small; values stand for its `?`."""
        return self.calls(lambda: self.connection.execute(statement, list(values)).fetchall())

    def batches(self, statement: str, *values: Any, rows: int = 50_000) -> pa.RecordBatchReader:
        """The rows of an answer of any size, so many at a time, or fewer where they are wide."""

        def begin() -> pa.RecordBatchReader:
            # not by `execute`: that keeps the whole answer in memory before the first row comes
            answer = self.connection.sql(statement, params=list(values))
            return answer.to_arrow_reader(max(1, min(rows, CELLS // len(answer.columns))))

        reader = self.calls(begin)
        return pa.RecordBatchReader.from_batches(reader.schema, self._each(reader))

    def _each(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        def following() -> pa.RecordBatch | None:
            try:
                return next(reader, None)
            except OSError as error:
                raise _database_error(str(error)) from None

        while (batch := self.calls(following)) is not None:
            yield batch

    def shut(self) -> None:
        """From here on no statement reaches a file, the network or a setting, or writes."""
        self.connection.execute("SET enable_external_access = false")
        self.connection.execute("SET lock_configuration = true")
        self.connection.execute("BEGIN TRANSACTION READ ONLY")


def _database_error(told: str) -> duckdb.Error:
    """The error behind one that came through Arrow, which makes OSError of all of them."""
    kind = told.partition(":")[0]
    return _KINDS.get(kind, duckdb.Error)(told)


def identifier(name: str) -> str:
    """A name as SQL takes it, whatever it holds."""
    quoted = name.replace('"', '""')
    return f'"{quoted}"'


@contextmanager
def opened(pools: Pools) -> Iterator[PoolDatabase]:
    """A database over these pools, with nothing loaded; what it put on the disk goes with it."""
    with spill_folder() as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{MEMORY_MB}MB",
            "temp_directory": str(folder),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",  # a table is no variable of this program
        }
        connection = duckdb.connect(":memory:", config=settings)
        database = PoolDatabase(pools, connection)
        try:
            yield database
        finally:
            database.calls.close()
            connection.close()
