"""The lines of a site in a SQLite file of their own; what else is in it, incidents, stays there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from mtdata.core.errors import ConfigError
from mtdata.core.sqlite import LedgerDatabase
from mtdata.weblogs.ledger.port import Made
from mtdata.weblogs.ledger.schema import WEBLOGS


class LineFile(LedgerDatabase):
    """Port LineDatabase; one at a time commits, as SQLite has it (BEGIN IMMEDIATE)."""

    site = ""

    def __init__(self, path: Path | None) -> None:
        """StorageError where the file cannot be opened; None is one in memory, for tests."""
        super().__init__(path, WEBLOGS)

    def moved_by(self) -> str | None:
        """The token of who moved the lines elsewhere, '' for no lines; None where they are here."""
        row = self.row("SELECT token FROM moved")
        return None if row is None else str(row[0])

    def mark_moved(self, token: str, at: datetime) -> None:
        """From here on nobody counts lines in this file; within a commit."""
        self.run("INSERT INTO moved VALUES (1, ?, ?)", token, at.isoformat())

    def has_lines(self) -> bool:
        """Whether any log was ever taken."""
        return self.row("SELECT number FROM logs LIMIT 1") is not None

    def check_here(self) -> None:
        """Port: LineDatabase.check_here."""
        if self.moved_by() is not None:
            raise ConfigError(
                f"{self._path}: the lines of this site are in the database of the records, and "
                "would be counted twice by this file: weblogs.config must say `ledger: records`"
            )

    def whole(self, move: Callable[[], Made]) -> Made:
        """Port: LineDatabase.whole; nobody stands in the way of who has begun to commit."""
        return move()

    def insert(self, sql: str, *values: Any) -> int:
        """Port: LineDatabase.insert."""
        self.run(sql, *values)
        found = self.row("SELECT last_insert_rowid() AS number")
        return int(found[0]) if found else 0
