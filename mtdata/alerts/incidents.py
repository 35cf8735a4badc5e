"""Incidents and rounds in the ledger; whom to tell is decided elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from mtdata.alerts.incident import KINDS, NOTES, Incident
from mtdata.core.sqlite import LedgerDatabase

_ALL = "number, kind, scale, detail, count, opened_at, last_at, closed_at"


def _incident(row: tuple[Any, ...]) -> Incident:
    opened_at, last_at = (datetime.fromisoformat(moment) for moment in row[5:7])
    closed_at = None if row[7] is None else datetime.fromisoformat(row[7])
    return Incident._make((*row[:5], opened_at, last_at, closed_at))


class Incidents:
    """One incident per scale and kind while it lasts, and one line per round."""

    def __init__(self, connection: LedgerDatabase) -> None:
        self._db = connection

    def raise_incident(self, kind: str, scale: str, detail: str, at: datetime) -> bool:
        """Open an incident, or count one that is open; True when new.  Notes close at once."""
        when = at.isoformat()
        closed, by = (when, "note") if kind in NOTES else (None, None)
        with self._db.commit():
            seen = self._db.run(
                "UPDATE incidents SET count = count + 1, last_at = ?, detail = ?"
                " WHERE kind = ? AND scale = ? AND closed_at IS NULL",
                when,
                detail,
                kind,
                scale,
            )
            if not seen:
                self._db.run(
                    "INSERT INTO incidents (kind, scale, detail, count, opened_at, last_at,"
                    " closed_at, closed_by) VALUES (?, ?, ?, 1, ?, ?, ?, ?)",
                    kind,
                    scale,
                    detail,
                    when,
                    when,
                    closed,
                    by,
                )
        return not seen

    def has_detail(self, kind: str, scale: str, detail: str) -> bool:
        """Whether an incident of the scale, open or closed, said just that before."""
        row = self._db.first_row(
            "SELECT 1 FROM incidents WHERE kind = ? AND scale = ? AND detail = ?",
            kind,
            scale,
            detail,
        )
        return row is not None

    def close_incidents(self, scale: str, kinds: Iterable[str], at: datetime) -> list[str]:
        """Close what is over, of kinds that no person has to close; returns the kinds closed."""
        over = [
            incident.kind
            for incident in self.open_incidents(scale)
            if incident.kind in set(kinds) and not KINDS[incident.kind].stays
        ]
        for kind in over:
            with self._db.commit():
                self._db.run(
                    "UPDATE incidents SET closed_at = ?, closed_by = 'round'"
                    " WHERE kind = ? AND scale = ? AND closed_at IS NULL",
                    at.isoformat(),
                    kind,
                    scale,
                )
        return over

    def close_by_hand(self, number: int, at: datetime) -> bool:
        """Close one incident because a person looked at it."""
        with self._db.commit():
            return bool(
                self._db.run(
                    "UPDATE incidents SET closed_at = ?, closed_by = 'person'"
                    " WHERE number = ? AND closed_at IS NULL",
                    at.isoformat(),
                    number,
                )
            )

    def close_as_mended(self, kind: str, scale: str, at: datetime) -> None:
        """Close an incident of a kind that stays, because what it told of was mended."""
        with self._db.commit():
            self._db.run(
                "UPDATE incidents SET closed_at = ?, closed_by = 'mended'"
                " WHERE kind = ? AND scale = ? AND closed_at IS NULL",
                at.isoformat(),
                kind,
                scale,
            )

    def open_incidents(self, scale: str | None = None) -> list[Incident]:
        """Incidents that last; of one scale ('' = the site's own) or all."""
        return [
            _incident(row)
            for row in self._db.all(
                f"SELECT {_ALL} FROM incidents"
                " WHERE closed_at IS NULL AND (? IS NULL OR scale = ?) ORDER BY number",
                scale,
                scale,
            )
        ]

    def incidents(self, limit: int = 200) -> list[Incident]:
        """The newest incidents, open and closed."""
        return [
            _incident(row)
            for row in self._db.all(
                f"SELECT {_ALL} FROM incidents ORDER BY number DESC LIMIT ?",
                limit,
            )
        ]

    def closed(self, before: int, most: int) -> list[Incident]:
        """Closed ones with a lower number than that, the newest first."""
        return [
            _incident(row)
            for row in self._db.all(
                f"SELECT {_ALL} FROM incidents WHERE closed_at IS NOT NULL AND number < ?"
                " ORDER BY number DESC LIMIT ?",
                before,
                most,
            )
        ]

    def of_kinds(self, kinds: Sequence[str], most: int) -> list[Incident]:
        """The newest of these kinds, open and closed."""
        return [
            _incident(row)
            for row in self._db.all(
                f"SELECT {_ALL} FROM incidents WHERE kind IN ({', '.join('?' * len(kinds))})"
                " ORDER BY number DESC LIMIT ?",
                *kinds,
                most,
            )
        ]

    def begin_run(self, command: str, at: datetime) -> int:
        """Enter a round and return its number."""
        with self._db.commit():
            row = self._db.first_row("SELECT coalesce(max(number), 0) + 1 FROM runs")
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
        found: Mapping[str, int | None] = MappingProxyType({}),
    ) -> None:
        """Enter how a round ended; rounds beyond the newest 10,000 are forgotten.

        `found` has the scales it looked at: None for one that was carried home whole, else how many
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
                ((scale, rows, at.isoformat()) for scale, rows in found.items()),
            )

    def last_run(self, good_until: datetime | None = None) -> tuple[datetime, int | None] | None:
        """When the newest round ended, and its exit code; or the newest good one until then."""
        until = None if good_until is None else good_until.isoformat()
        row = self._db.first_row(
            "SELECT ended_at, exit FROM runs WHERE ended_at IS NOT NULL"
            " AND command LIKE 'export%' AND (?1 IS NULL OR (exit IN (0, 1) AND ended_at <= ?1))"
            " ORDER BY number DESC LIMIT 1",
            until,
        )
        return None if row is None else (datetime.fromisoformat(row[0]), row[1])

    def last_success(self, *commands: str) -> datetime | None:
        """When the last of these began that ended well, or with only a part of it failed."""
        row = self._db.first_row(
            "SELECT started_at FROM runs WHERE exit IN (0, 1)"
            f" AND command IN ({', '.join('?' * len(commands))}) ORDER BY number DESC LIMIT 1",
            *commands,
        )
        return None if row is None else datetime.fromisoformat(row[0])
