"""When rounds, and what else is done by the clock, began and how they ended; it decides nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from mtdata.core.sqlite import LedgerDatabase


class Runs:
    """One line per run of a command, the newest 10,000 of them."""

    def __init__(self, connection: LedgerDatabase) -> None:
        self._db = connection

    def begin_run(self, command: str, at: datetime) -> int:
        """Enter a round and return its number."""
        with self._db.commit():
            row = self._db.row("SELECT coalesce(max(number), 0) + 1 FROM runs")
            number = int(row[0]) if row else 1
            self._db.run(
                "INSERT INTO runs (number, command, started_at) VALUES (?, ?, ?)",
                number,
                command,
                at.isoformat(),
            )
        return number

    def end_run(
        self,
        number: int,
        code: int,
        report: Mapping[str, Any],
        at: datetime,
        sizes: Mapping[str, int | None] = MappingProxyType({}),
    ) -> None:
        """Enter how a round ended; rounds beyond the newest 10,000 are forgotten.

        `sizes` has the scales it looked at: None for one that was carried home whole, else how many
        rows the site said it has.
        """
        with self._db.commit():
            self._db.run(
                "UPDATE runs SET ended_at = ?, exit = ?, report = ? WHERE number = ?",
                at.isoformat(),
                code,
                json.dumps(report),
                number,
            )
            self._db.run("DELETE FROM runs WHERE number <= ? - 10000", number)
            self._db.run_many(
                "UPDATE scales SET listed_at = iif(?2 IS NULL, ?3, listed_at), size = coalesce(?2,"
                " (SELECT count(*) FROM entries e INDEXED BY entries_on_site"
                " WHERE e.scale = ?1 AND e.gone_at IS NULL)) WHERE name = ?1",
                ((scale, rows, at.isoformat()) for scale, rows in sizes.items()),
            )

    def last_run(self, good_until: datetime | None = None) -> tuple[datetime, int | None] | None:
        """When the newest round ended, and its exit code; or the newest good one until then."""
        until = None if good_until is None else good_until.isoformat()
        row = self._db.row(
            "SELECT ended_at, exit FROM runs WHERE ended_at IS NOT NULL"
            " AND command LIKE 'export%' AND (?1 IS NULL OR (exit IN (0, 1) AND ended_at <= ?1))"
            " ORDER BY number DESC LIMIT 1",
            until,
        )
        return None if row is None else (datetime.fromisoformat(row[0]), row[1])

    def last_success(self, *commands: str) -> datetime | None:
        """When the last of these began that ended well, or with only a part of it failed."""
        row = self._db.row(
            "SELECT started_at FROM runs WHERE exit IN (0, 1)"
            f" AND command IN ({', '.join('?' * len(commands))}) ORDER BY number DESC LIMIT 1",
            *commands,
        )
        return None if row is None else datetime.fromisoformat(row[0])
