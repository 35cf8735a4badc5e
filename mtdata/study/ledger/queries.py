"""What only people who look on ask of the ledger: pages, sums and days; it changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from mtdata.core.past import past
from mtdata.core.sqlite import question_marks
from mtdata.study.ledger.schema import LedgerPart
from mtdata.study.model.states import ERASED, HELD, ROWED, STANDING, STORED

_STANDING = f"state IN {STANDING}"
_TIMES = (
    ("rounds", "ended_at", "runs"),
    ("scales carried home", "listed_at", "scales"),
    ("entries kept", "kept_at", "ranges"),
    ("files read again", "read_at", "files"),
    ("copies read again", "coalesce(last_read_at, confirmed_at)", "copies"),
    ("incidents", "last_at", "incidents"),
)
"""Stored times that are held against now: what they are of, where they stand."""


class Hour(NamedTuple):
    """How many rounds of one command ended within an hour (UTC, its first 13 letters)."""

    command: str
    hour: str
    good: int
    bad: int


class Balance(NamedTuple):
    """Entries of one scale: those in raw files, and those that have a row, are held or wait."""

    raw: int
    rows: int
    held: int
    waiting: int


class Entered(NamedTuple):
    """What the ledger says of one file; `length` in bytes."""

    state: str
    length: int
    read_at: str | None


class FilesOfKind(NamedTuple):
    """Files of one kind that should be there: how many, and when they were read again."""

    kind: str
    files: int
    bytes: int
    unread: int
    oldest_read_at: str | None


class Queries(LedgerPart):
    """Questions of people who look on."""

    def rounds(self, since: datetime, *commands: str) -> list[Hour]:
        """How rounds of these commands ended, by the hour."""
        by_hour = (
            "SELECT command, substr(ended_at, 1, 13) AS hour, sum(coalesce(exit, 70) IN (0, 1)),"
            " sum(coalesce(exit, 70) NOT IN (0, 1)) FROM runs INDEXED BY runs_command WHERE command"
            f" IN ({question_marks(commands)}) AND ended_at > ? GROUP BY command, hour"
        )
        return [Hour._make(row) for row in self._db.all(by_hour, *commands, since.isoformat())]

    def balance(self, scale: str) -> Balance:
        """How the entries of a scale add up, all at one moment though a round runs beside it."""
        row = self._db.row(
            "SELECT"
            " (SELECT count(e.start) FROM files f CROSS JOIN entries e INDEXED BY entries_raw"
            f" ON e.file = f.number AND e.state <> {ERASED}"
            " WHERE f.scale = ?1 AND f.kind <> 'sheet'),"
            " (SELECT count(e.sheet) FROM files f CROSS JOIN entries e INDEXED BY entries_line"
            " ON e.sheet = f.number WHERE f.scale = ?1),"
            " (SELECT count(*) FROM entries INDEXED BY entries_waiting"
            f" WHERE scale = ?1 AND state < {ROWED} AND state = {HELD}),"
            " (SELECT count(*) FROM entries INDEXED BY entries_waiting"
            f" WHERE scale = ?1 AND state < {ROWED} AND state = {STORED})",
            scale,
        )
        return Balance._make(row or (0, 0, 0, 0))

    def entered(self, paths: Sequence[str]) -> dict[str, Entered]:
        """What is known of these files, by path; the newest mark of each."""
        rows = self._db.all(
            f"SELECT path, state, length, read_at FROM files WHERE {_STANDING}"
            f" AND path IN ({question_marks(paths)}) ORDER BY number",
            *paths,
        )
        return {path: Entered(*known) for path, *known in rows}

    def ahead(self, now: datetime) -> dict[str, datetime]:
        """The newest stored time that lies after now, by what it is told of."""
        found = {}
        for what, column, table in _TIMES:
            row = self._db.row(f"SELECT max({column}) AS newest_at FROM {table}")
            newest = datetime.fromisoformat(row[0]) if row and row[0] else None
            if newest is not None and past(newest, now) is None:
                found[what] = newest
        return found

    def files_by_kind(self) -> list[FilesOfKind]:
        """What should be there, by kind, and how much of it was read again since it was made."""
        rows = self._db.all(
            "SELECT kind, count(*), coalesce(sum(length), 0), sum(read_at IS NULL),"
            f" min(read_at) AS read_at FROM files WHERE {_STANDING} GROUP BY kind ORDER BY kind"
        )
        return [FilesOfKind._make(row) for row in rows]
