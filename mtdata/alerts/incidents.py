"""Incidents in a ledger, each pool's or the program's own; whom to tell is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from mtdata.alerts.incident import CONSEQUENCES, DAMAGE, EVIDENCE, NOTES, REMEMBERED, Incident
from mtdata.alerts.incident_kinds import KINDS
from mtdata.core.cells import Cells
from mtdata.core.keeping import Amount
from mtdata.core.sqlite import LedgerDatabase, Schema, question_marks

COLUMNS = "number, kind, scale, detail, count, opened_at, last_at, closed_at"
INCIDENTS = """CREATE TABLE incidents (
  number INTEGER PRIMARY KEY, kind TEXT NOT NULL, scale TEXT NOT NULL, detail TEXT NOT NULL,
  count INTEGER NOT NULL, opened_at TEXT NOT NULL, last_at TEXT NOT NULL, closed_at TEXT,
  closed_by TEXT, told_at TEXT, again_at TEXT, escalated_at TEXT, over_at TEXT);
CREATE UNIQUE INDEX incidents_open ON incidents (kind, scale) WHERE closed_at IS NULL;
CREATE INDEX incidents_untold ON incidents (number) WHERE over_at IS NULL;
CREATE INDEX incidents_told ON incidents (kind, scale, number) WHERE told_at IS NOT NULL;"""
INCIDENTS_NEWER = {
    1: """
ALTER TABLE incidents ADD COLUMN told_at TEXT;
ALTER TABLE incidents ADD COLUMN again_at TEXT;
ALTER TABLE incidents ADD COLUMN escalated_at TEXT;
ALTER TABLE incidents ADD COLUMN over_at TEXT;
UPDATE incidents SET told_at = opened_at, over_at = closed_at WHERE closed_at IS NOT NULL;
CREATE INDEX incidents_untold ON incidents (number) WHERE over_at IS NULL;
CREATE INDEX incidents_told ON incidents (kind, scale, number) WHERE told_at IS NOT NULL;""",
    2: "",
}
"""What makes the incidents of a ledger of that format those of the next."""


def is_incident(kind: str) -> bool:
    """Whether there is such a kind."""
    return kind in KINDS


PROGRAM_LEDGER = Schema(3, INCIDENTS, INCIDENTS_NEWER, Cells(INCIDENTS, {"kind": is_incident}))
"""Formats count as the pools' do: older programs wrote the tables of a pool into it as well."""


def moment_of(cell: str | None) -> datetime | None:
    """The moment that a cell holds, None for none."""
    return None if cell is None else datetime.fromisoformat(cell)


def incident_of(row: Sequence[Any]) -> Incident:
    """The incident that begins a row of an answer, by COLUMNS."""
    return Incident._make((*row[:5], *map(moment_of, row[5:8])))


class Incidents:
    """One incident per scale and kind while it lasts."""

    def __init__(self, connection: LedgerDatabase) -> None:
        self._db = connection

    def raise_incident(self, kind: str, scale: str, detail: str, at: datetime) -> bool:
        """Open an incident, or count one that is open; True when new.  Notes close at once.

        A consequence of one that is open is not opened, and ends when its cause opens.
        """
        with self._db.commit():
            return self.enter(kind, scale, detail, at)

    def enter(self, kind: str, scale: str, detail: str, at: datetime) -> bool:
        """Open or count an incident as `raise_incident` does, within a commit of the caller's."""
        if self.has_cause(kind, scale):
            return False
        when = at.isoformat()
        closed, by = (when, "note") if kind in NOTES else (None, None)
        again = (
            "UPDATE incidents SET count = count + 1, last_at = ?, detail = ?"
            " WHERE kind = ? AND scale = ? AND closed_at IS NULL"
        )
        new = (
            "INSERT INTO incidents (kind, scale, detail, count, opened_at, last_at,"
            " closed_at, closed_by) VALUES (?, ?, ?, 1, ?, ?, ?, ?)"
        )
        seen = self._db.run(again, when, detail, kind, scale)
        if not seen:
            self._db.run(new, kind, scale, detail, when, when, closed, by)
        self._take_in(kind, scale, when)
        return not seen

    def has_cause(self, kind: str, scale: str) -> bool:
        """Whether an open incident of the scale or the whole site takes that one into itself."""
        causes = KINDS[kind].follows
        return bool(causes) and any(
            one.kind in causes and (one.scale in ("", scale) or one.kind in DAMAGE)
            for one in self.open_incidents()
        )

    def _take_in(self, cause: str, scale: str, when: str) -> None:
        """End what follows from it: nobody is told that it is over, for it is not."""
        wide = "" if cause in DAMAGE else scale
        for kind in CONSEQUENCES[cause]:
            self._db.run(
                "UPDATE incidents SET closed_at = ?1, closed_by = 'cause', over_at = ?1"
                " WHERE closed_at IS NULL AND kind = ?2 AND (?3 = '' OR scale = ?3)",
                when,
                kind,
                wide,
            )

    def has_detail(self, kind: str, scale: str, detail: str) -> bool:
        """Whether an incident of the scale, open or closed, said just that before.

        Only of kinds that are REMEMBERED.
        """
        if kind not in REMEMBERED:
            raise AssertionError(f"{kind}: its closed incidents may be forgotten")
        said = "SELECT 1 FROM incidents WHERE kind = ? AND scale = ? AND detail = ?"
        return self._db.row(said, kind, scale, detail) is not None

    def close_incidents(self, scale: str, kinds: Iterable[str], at: datetime) -> list[str]:
        """Close what is over, of kinds that no person has to close; returns the kinds closed."""
        over = [
            incident.kind
            for incident in self.open_incidents(scale)
            if incident.kind in set(kinds) and not KINDS[incident.kind].stays
        ]
        for kind in over:
            self._close("round", at, "kind = ? AND scale = ?", kind, scale)
        return over

    def close_by_hand(self, number: int, at: datetime) -> bool:
        """Close one incident because a person looked at it."""
        return self._close("person", at, "number = ?", number)

    def close_as_mended(self, kind: str, scale: str, at: datetime) -> None:
        """Close an incident of a kind that stays, because what it told of was mended."""
        self._close("mended", at, "kind = ? AND scale = ?", kind, scale)

    def _close(self, by: str, at: datetime, which: str, *values: Any) -> bool:
        close = f"UPDATE incidents SET closed_at = ?, closed_by = ? WHERE {which}"
        with self._db.commit():
            return bool(self._db.run(f"{close} AND closed_at IS NULL", at.isoformat(), by, *values))

    def open_incidents(self, scale: str | None = None) -> list[Incident]:
        """Incidents that last; of one scale ('' = the site's own) or all."""
        clause = "WHERE closed_at IS NULL ORDER BY number"
        rows = self._db.remembered(f"SELECT {COLUMNS} FROM incidents {clause}")
        return [incident_of(row) for row in rows if scale is None or row[2] == scale]

    def incidents(self, limit: int = 200) -> list[Incident]:
        """The newest incidents, open and closed."""
        return self._select("ORDER BY number DESC LIMIT ?", limit)

    def closed(self, before: int, most: int) -> list[Incident]:
        """Closed ones with a lower number than that, the newest first."""
        clause = "WHERE closed_at IS NOT NULL AND number < ? ORDER BY number DESC LIMIT ?"
        return self._select(clause, before, most)

    def closed_amount(self) -> Amount:
        """How many are closed, and since when the oldest of them is."""
        row = self._db.row(
            "SELECT count(*) AS count, min(closed_at) AS since_at FROM incidents"
            " WHERE closed_at IS NOT NULL"
        )
        return Amount(row[0], moment_of(row[1])) if row else Amount(0)

    def forget_closed(self, before: str, most: int) -> int:
        """Forget so many that were closed before then, the oldest first; how many there were.

        What an auditor asks for stays (EVIDENCE), and of what is REMEMBERED the newest of each
        scale.  So does what somebody was told of who is still to be told of its end.
        """
        kinds, remembered = sorted(EVIDENCE), sorted(REMEMBERED - EVIDENCE)
        with self._db.commit():
            return self._db.run(
                "DELETE FROM incidents WHERE number IN (SELECT number FROM incidents"
                " WHERE closed_at < ? AND (over_at IS NOT NULL OR told_at IS NULL)"
                f" AND kind NOT IN ({question_marks(kinds)})"
                " AND number NOT IN (SELECT max(number) FROM incidents"
                f" WHERE kind IN ({question_marks(remembered)}) GROUP BY kind, scale)"
                " ORDER BY number LIMIT ?)",
                before,
                *kinds,
                *remembered,
                most,
            )

    def of_kinds(self, kinds: Sequence[str], most: int) -> list[Incident]:
        """The newest of these kinds, open and closed."""
        clause = f"WHERE kind IN ({question_marks(kinds)}) ORDER BY number DESC LIMIT ?"
        return self._select(clause, *kinds, most)

    def _select(self, clause: str, *values: Any) -> list[Incident]:
        rows = self._db.all(f"SELECT {COLUMNS} FROM incidents {clause}", *values)
        return [incident_of(row) for row in rows]
