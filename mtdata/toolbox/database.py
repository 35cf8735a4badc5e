"""A database in memory with scales of pools as tables, for questions in SQL; it is shut in.

DuckDB does the heavy work.  What does not fit into MEMORY lies in a folder of our own until the
database is closed.  Once `shut` it opens no file, no network and no other database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from mtdata.toolbox.pools import Pools

MEMORY = "256MB"


class PoolDatabase:
    """Tables of scales, each loaded when it is first named."""

    def __init__(self, pools: Pools, connection: duckdb.DuckDBPyConnection) -> None:
        self.pools, self.connection = pools, connection
        self._loaded: dict[str, str] = {}

    def table(self, scale: str, *, every_snapshot: bool = False) -> str:
        """The quoted name of the table of a scale, which is loaded now if it was not.

        Its columns are `server`, `day` and every column that any of its sheets has, all VARCHAR.
        """
        name = self.pools.named(scale)
        if name not in self._loaded:
            for batch in self.pools.tables(name, every_snapshot=every_snapshot):
                self.append(name, batch)
            self._loaded[name] = identifier(name)
        return self._loaded[name]

    def append(self, name: str, batch: pa.Table) -> None:
        """Put rows into the table of that name; columns that it lacks are added to it."""
        quoted = identifier(name)
        known = self._columns(name)
        if not known:
            self._execute(f"CREATE TABLE {quoted} AS FROM batch LIMIT 0", batch=batch)
        for column in batch.column_names:
            if known and column.casefold() not in known:
                self._execute(f"ALTER TABLE {quoted} ADD COLUMN {identifier(column)} VARCHAR")
        self._execute(f"INSERT INTO {quoted} BY NAME FROM batch", batch=batch)

    def _columns(self, name: str) -> set[str]:
        found = self.connection.execute(
            "SELECT lower(column_name) FROM duckdb_columns() WHERE table_name = ?", [name]
        )
        return {column for (column,) in found.fetchall()}

    def _execute(self, statement: str, **tables: pa.Table) -> None:
        for name, table in tables.items():
            self.connection.register(name, table)
        self.connection.execute(statement)
        for name in tables:
            self.connection.unregister(name)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of an answer that is known to be small; values stand for its `?`."""
        return self.connection.execute(statement, list(values)).fetchall()

    def batches(self, statement: str, *values: Any, rows: int = 50_000) -> pa.RecordBatchReader:
        """The rows of an answer of any size, so many at a time."""
        return self.connection.sql(statement, params=list(values)).to_arrow_reader(rows)

    def shut(self) -> None:
        """From here on no statement reaches a file, the network or a setting."""
        self.connection.execute("SET enable_external_access = false")
        self.connection.execute("SET lock_configuration = true")


def identifier(name: str) -> str:
    """A name as SQL takes it, whatever it holds."""
    quoted = name.replace('"', '""')
    return f'"{quoted}"'


@contextmanager
def opened(pools: Pools, memory: str = MEMORY) -> Iterator[PoolDatabase]:
    """A database over these pools, with nothing loaded; what it put on the disk goes with it."""
    with TemporaryDirectory(prefix="mtdata-toolbox-") as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory,
            "temp_directory": str(Path(folder) / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        connection = duckdb.connect(":memory:", config=settings)
        try:
            yield PoolDatabase(pools, connection)
        finally:
            connection.close()
