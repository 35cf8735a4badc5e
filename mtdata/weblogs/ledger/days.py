"""What followed on the import of a day, as the ledger has it: archiving, comparison, push."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from mtdata.alerts.incidents import moment_of
from mtdata.weblogs.ledger.port import LineDatabase


class DayState(NamedTuple):
    """How far a day is: words of the last archiving and push, figures of the last comparison."""

    archive: str = ""
    push: str = ""
    archived_at: datetime | None = None
    compared_at: datetime | None = None
    found: Mapping[str, Any] = {}


class Days:
    """The days of a site."""

    def __init__(self, database: LineDatabase) -> None:
        self._db = database

    def state(self, day: date) -> DayState:
        """How far that day is."""
        row = self._db.row(
            "SELECT archive, push, archived_at, compared_at, found FROM days"
            " WHERE site = ? AND day = ?",
            self._db.site, str(day),
        )  # fmt: skip
        if row is None:
            return DayState()
        return DayState(row[0], row[1], moment_of(row[2]), moment_of(row[3]), json.loads(row[4]))

    def last_sent(self, day: date) -> datetime | None:
        """When the last batch with lines of that day's logs was ended as stored."""
        row = self._db.row(
            "SELECT max(b.ended_at) AS ended_at FROM logs l JOIN shares s ON s.log = l.number"
            " JOIN batches b ON b.number = s.batch WHERE l.site = ? AND l.day = ?"
            " AND b.tracked > 0",
            self._db.site, str(day),
        )  # fmt: skip
        return moment_of(row[0]) if row else None

    def archived(self, day: date, word: str, at: datetime) -> None:
        """The archive step was done; within a commit."""
        self._set(day, "archive = ?, archived_at = ?", word, at.isoformat())

    def compared(self, day: date, found: Mapping[str, Any], at: datetime) -> None:
        """The reports were compared; within a commit."""
        told = json.dumps(found, sort_keys=True)
        self._set(day, "found = ?, compared_at = ?", told, at.isoformat())

    def pushed(self, day: date, word: str) -> None:
        """The logs of the day are archived; within a commit."""
        self._set(day, "push = ?", word)

    def _set(self, day: date, what: str, *values: Any) -> None:
        change = f"UPDATE days SET {what} WHERE site = ? AND day = ?"
        which = self._db.site, str(day)
        if not self._db.run(change, *values, *which):
            new = "INSERT INTO days (site, day, archive, push, found) VALUES (?, ?, '', '', '{}')"
            self._db.run(new, *which)
            self._db.run(change, *values, *which)
