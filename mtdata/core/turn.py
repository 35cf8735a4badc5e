"""Whose turn it is to write what follows from the files of a pool."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from secrets import token_bytes

from mtdata.core.errors import BusyError

FENCED = (
    "another round took this pool while this one ran; this one ends here and commits nothing more. "
    "What it committed is safe, and the next round goes on from there"
)
MAKE = "CREATE TABLE IF NOT EXISTS turn (only_one INTEGER PRIMARY KEY, token BLOB NOT NULL)"
"""Older programs pass it by."""
TAKE = "INSERT OR REPLACE INTO turn VALUES (1, ?)"


class PoolTurn:
    """That of one connection, from its first commit on until another takes it."""

    def __init__(self, lock: Callable[[], None]) -> None:
        """`lock` raises when the lock of the pool is lost."""
        self._lock, self._token = lock, b""

    def prove(self, db: sqlite3.Connection, path: Path | None) -> None:
        """Inside a transaction: BusyError unless the turn is ours still; the first takes it."""
        self._lock()
        if not self._token:
            self._token = token_bytes(16)
            try:
                db.execute(TAKE, (self._token,))
            except sqlite3.OperationalError:  # nobody ever took it: there is no such table yet
                db.execute(MAKE)
                db.execute(TAKE, (self._token,))
        elif db.execute("SELECT token FROM turn").fetchone() != (self._token,):
            raise BusyError(f"{path}: {FENCED}")
