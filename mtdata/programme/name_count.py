"""How many teams of a file are in the table already, or twice in the file; it writes no team.

Memory is bounded: the names that stood before lie in a file of SQLite that has no name itself, and
is gone with its connection.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from mtdata.jobs.records.asking import asking
from mtdata.programme.records.models import Team
from mtdata.programme.teams import name_key

LOOKED_UP = 500


class NameCount:
    """Port RowLookup: counts row by row, and asks the table of many names at once."""

    def __init__(self) -> None:
        self.there = self.repeated = 0
        self._unasked: list[str] = []
        self._seen = sqlite3.connect("", isolation_level=None)
        self._seen.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
        self._seen.executescript("CREATE TABLE seen (name BLOB PRIMARY KEY) WITHOUT ROWID; BEGIN")

    def add(self, values: tuple[Any, ...]) -> None:
        """Count a row, whose name stands first."""
        key = name_key(values[0])
        entered = self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", [bytes.fromhex(key)])
        if not entered.rowcount:
            self.repeated += 1
            return
        self._unasked.append(key)
        if len(self._unasked) == LOOKED_UP:
            self._look_up()

    def close(self) -> None:
        """Count those that are left, and forget the names."""
        self._look_up()
        self._seen.close()

    def _look_up(self) -> None:
        with asking():
            self.there += Team.objects.filter(name_key__in=self._unasked).count()
        self._unasked.clear()
