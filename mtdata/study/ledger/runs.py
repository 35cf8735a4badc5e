"""When rounds, and what else is done by the clock, began and how they ended; it decides nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from mtdata.core.keeping import Amount
from mtdata.core.sqlite import question_marks
from mtdata.study.ledger.schema import LedgerPart

DELETE_MODE = "config DELETE_MODE"
"""The command of a line that is no run: from then on it is another, and people are told."""


class Runs(LedgerPart):
    """One line per run of a command, the newest 10,000 of them."""

    def begin_run(self, command: str, at: datetime) -> int:
        """Enter a round and return its number."""
        with self._db.commit():
            number = self._number("SELECT coalesce(max(number), 0) FROM runs") + 1
            begun = "INSERT INTO runs (number, command, started_at) VALUES (?, ?, ?)"
            self._db.run(begun, number, command, at.isoformat())
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
            ended = "UPDATE runs SET ended_at = ?, exit = ?, report = ? WHERE number = ?"
            self._db.run(ended, at.isoformat(), code, json.dumps(report), number)
            self._db.run("DELETE FROM runs WHERE number <= ? - 10000", number)
            self._db.run(
                "UPDATE scales AS s SET listed_at = iif(n.value IS NULL, ?2, s.listed_at),"
                " size = coalesce(n.value, (SELECT count(*) FROM entries e INDEXED BY"
                " entries_on_site WHERE e.scale = s.name AND e.gone_at IS NULL))"
                " FROM json_each(?1) n WHERE s.name = n.key",
                json.dumps(dict(sizes)),
                at.isoformat(),
            )

    def amount(self) -> Amount:
        """How many there are, and since when."""
        row = self._db.row("SELECT count(*) AS count, min(started_at) AS since_at FROM runs")
        return (
            Amount(row[0], datetime.fromisoformat(row[1]) if row[1] else None) if row else Amount(0)
        )

    def forget_old(self, before: str, most: int) -> int:
        """Forget so many that ended before then, the oldest first; how many there were.

        What tells how the site stands stays: every round since the last good one, the newest of
        each command and exit code, and when DELETE_MODE became another.
        """
        with self._db.commit():
            return self._db.run(
                "DELETE FROM runs WHERE number IN (SELECT number FROM runs"
                " WHERE coalesce(ended_at, started_at) < ?1 AND command <> ?2"
                " AND number < (SELECT max(number) FROM runs"
                "  WHERE command LIKE 'export%' AND exit IN (0, 1))"
                " AND number NOT IN (SELECT max(number) FROM runs GROUP BY command, exit)"
                " ORDER BY number LIMIT ?3)",
                before,
                DELETE_MODE,
                most,
            )

    def cut_off(self, number: int) -> datetime | None:
        """When the round before that one began, if it never ended."""
        row = self._db.row(
            "SELECT started_at, ended_at FROM runs WHERE number < ? AND command LIKE 'export%'"
            " ORDER BY number DESC LIMIT 1",
            number,
        )
        return None if row is None or row[1] is not None else datetime.fromisoformat(row[0])

    def last_delete_mode(self) -> bool | None:
        """The DELETE_MODE that was last entered, or by which the newest round went that ended.

        None where there is none.
        """
        row = self._db.row(
            "SELECT report FROM runs WHERE ended_at IS NOT NULL"
            " AND (command LIKE 'export%' OR command = ?) ORDER BY number DESC LIMIT 1",
            DELETE_MODE,
        )
        report = json.loads(row[0]) if row and row[0] else {}
        mode = report.get("delete_mode")
        return mode if isinstance(mode, bool) else None

    def enter_delete_mode(self, at: datetime, *, delete_mode: bool) -> None:
        """Enter that people are told of another DELETE_MODE; a part of a commit of the caller's."""
        number = self._number("SELECT coalesce(max(number), 0) FROM runs") + 1
        self._db.run(
            "INSERT INTO runs (number, command, started_at, ended_at, exit, report)"
            " VALUES (?1, ?2, ?3, ?3, 0, ?4)",
            number,
            DELETE_MODE,
            at.isoformat(),
            json.dumps({"delete_mode": delete_mode}),
        )

    def missed(self) -> tuple[int, datetime | None]:
        """How many rounds since the last good one did not get to their end, and since when."""
        bad = (
            "FROM runs WHERE command LIKE 'export%' AND number > (SELECT coalesce(max(number), 0)"
            " FROM runs WHERE command LIKE 'export%' AND exit IN (0, 1))"
        )
        first = self._db.row(f"SELECT started_at {bad} ORDER BY number LIMIT 1")
        count = self._number(f"SELECT count(*) {bad}")
        return count, datetime.fromisoformat(first[0]) if first else None

    def last_run(self, good_until: datetime | None = None) -> tuple[datetime, int | None] | None:
        """When the newest round ended, and its exit code; or the newest of exit 0 until then."""
        until = None if good_until is None else good_until.isoformat()
        row = self._db.row(
            "SELECT ended_at, exit FROM runs WHERE ended_at IS NOT NULL"
            " AND command LIKE 'export%' AND (?1 IS NULL OR (exit = 0 AND ended_at <= ?1))"
            " ORDER BY number DESC LIMIT 1",
            until,
        )
        return None if row is None else (datetime.fromisoformat(row[0]), row[1])

    def last_success(self, *commands: str) -> datetime | None:
        """When the last of these began that ended well, or with only a part of it failed."""
        row = self._db.row(
            "SELECT started_at FROM runs WHERE exit IN (0, 1)"
            f" AND command IN ({question_marks(commands)}) ORDER BY number DESC LIMIT 1",
            *commands,
        )
        return None if row is None else datetime.fromisoformat(row[0])
