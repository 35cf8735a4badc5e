"""What the ledger of web logs asks of the database that has its lines, whichever that is.

Statements are written once, in the SQL that SQLite, PostgreSQL and MariaDB share, with `?` for each
value, and tables and columns as `schema` names them.  A row belongs to a site by its own `site`, or
by the number of its log or batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

Made = TypeVar("Made")


class LineDatabase(Protocol):
    """The tables of one site's lines.  Each call raises the errors of a commit.

    StorageError for a file, RecordsError for the database of the records: nothing was done then.
    """

    @property
    def site(self) -> str:
        """What `site` says in rows of ours; '' in a file, which is one site's."""
        ...

    def commit(self) -> AbstractContextManager[None]:
        """All or nothing, and nobody else commits for this site meanwhile: he waits."""
        ...

    def check_here(self) -> None:
        """ConfigError where the lines were moved to another place by now; within a commit."""
        ...

    def whole(self, move: Callable[[], Made]) -> Made:
        """Make a move that commits, and anew where two stood in each other's way.

        Nothing of it is kept then, so it has to be one that may be made again.
        """
        ...

    def run(self, sql: str, *values: Any) -> int:
        """Execute one statement and return how many rows it found."""
        ...

    def run_many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Execute one statement for many rows."""
        ...

    def insert(self, sql: str, *values: Any) -> int:
        """Enter one row, and return the number that it got; within a commit."""
        ...

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Every row, each cell proved to be what its column holds; for answers of bounded size."""
        ...

    def row(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row of the answer, or None."""
        ...

    def close(self) -> None:
        """Leave it as it is."""
        ...
