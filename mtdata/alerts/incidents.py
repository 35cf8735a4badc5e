"""Incidents in a ledger; whom to tell is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from mtdata.alerts.incident import KINDS, NOTES, Incident
from mtdata.core.sqlite import LedgerDatabase

_ALL = "number, kind, scale, detail, count, opened_at, last_at, closed_at"


def _incident(row: tuple[Any, ...]) -> Incident:
    opened_at, last_at = (datetime.fromisoformat(moment) for moment in row[5:7])
    closed_at = None if row[7] is None else datetime.fromisoformat(row[7])
    return Incident._make((*row[:5], opened_at, last_at, closed_at))


class Incidents:
    """One incident per scale and kind while it lasts."""

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
        row = self._db.row(
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
