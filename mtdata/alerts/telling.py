"""What of the incidents was told to people, in the ledger; what is due is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from mtdata.alerts.incidents import COLUMNS, incident_of, moment_of
from mtdata.alerts.notice import News, ToldTimes
from mtdata.core.sqlite import LedgerDatabase

MANY = 2000
_NEWS = f"""
SELECT {COLUMNS}, told_at, again_at, escalated_at,
  (SELECT told_at FROM incidents AS other INDEXED BY incidents_told
   WHERE other.kind = one.kind AND other.scale = one.scale AND other.told_at IS NOT NULL
   ORDER BY other.number DESC LIMIT 1) AS before_at
FROM incidents AS one WHERE over_at IS NULL ORDER BY closed_at IS NOT NULL, number LIMIT ?
"""


def _news(book: str, row: tuple[Any, ...]) -> News:
    return News(book, incident_of(row), ToldTimes(*map(moment_of, row[8:12])))


class NotificationState:
    """`told_at` the opening was told, `again_at` by the newest digest, `over_at` nothing is due."""

    def __init__(self, connection: LedgerDatabase) -> None:
        self._db = connection

    def news(self, book: str) -> list[News]:
        """Incidents of which something may be due, in their order; at most MANY, open ones first.

        What is beyond comes when these are told.
        """
        found = [_news(book, row) for row in self._db.all(_NEWS, MANY)]
        return sorted(found, key=lambda one: one.incident.number)

    def forget(self, closed_before: datetime) -> None:
        """Let nothing be due of what was over before then and never told: nobody was to be told."""
        stale = "over_at IS NULL AND closed_at < ? AND told_at IS NULL"
        when = closed_before.isoformat()
        if self._db.row(f"SELECT 1 FROM incidents WHERE {stale} LIMIT 1", when):
            with self._db.commit():
                self._db.run(f"UPDATE incidents SET over_at = closed_at WHERE {stale}", when)

    def enter(
        self,
        at: datetime,
        *,
        told: Iterable[int] = (),
        over: Iterable[int] = (),
        escalated: Iterable[int] = (),
    ) -> None:
        """Enter by number what was told: that it opened or lasts, that it is over or too long."""
        when = at.isoformat()
        with self._db.commit():
            self._db.run_many(
                "UPDATE incidents SET told_at = coalesce(told_at, ?), again_at = ?"
                " WHERE number = ?",
                ((when, when, number) for number in told),
            )
            for column, numbers in (("over_at", over), ("escalated_at", escalated)):
                change = f"UPDATE incidents SET {column} = ? WHERE number = ?"
                self._db.run_many(change, ((when, number) for number in numbers))
