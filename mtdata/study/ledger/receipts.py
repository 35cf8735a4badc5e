"""All that the ledger knows of the entries of one id; it tells and changes nothing."""

from __future__ import annotations

from mtdata.study.ledger.schema import LedgerPart
from mtdata.study.model.entry_receipt import CopyRecord, EntryRecord

MOST = 100
"""Entries of one id that are told of; an id has one, or a few that came with other content."""


class Receipts(LedgerPart):
    """Questions about one id."""

    def of_id(self, scale: str, number: int) -> list[EntryRecord]:
        """Every entry of that id, the oldest first, the newest MOST of them."""
        rows = self._db.all(
            "SELECT e.seq, e.digest, e.file, coalesce(f.kind, 'raw') AS kind,"
            " coalesce(f.path, '') AS path, coalesce(f.mode, '') AS mode, e.start, e.length,"
            " (SELECT r.kept_at FROM ranges r WHERE r.file = e.file AND r.start <= e.start"
            " ORDER BY r.start DESC LIMIT 1) AS safe_at, f.read_at, e.raw_lost, e.state, e.held,"
            " e.reason,"
            " coalesce(s.path, '') AS path, CASE WHEN e.sheet IS NOT NULL THEN"
            " (SELECT count(*) + 1 FROM entries o WHERE o.sheet = e.sheet"
            " AND o.line_start <= e.line_start) END AS row, e.line_start, e.line_length, e.cells,"
            " s.read_at, e.asked_at, e.answer, e.gone_at FROM entries e"
            " LEFT JOIN files f ON f.number = e.file LEFT JOIN files s ON s.number = e.sheet"
            " WHERE e.scale = ? AND e.id = ?"
            f" ORDER BY e.seq DESC LIMIT {MOST}",
            scale,
            number,
        )
        return [EntryRecord._make(row) for row in reversed(rows)]

    def copies(self, entry: EntryRecord) -> list[CopyRecord]:
        """What each replica that is wanted now confirmed of the bytes of that entry."""
        rows = self._db.all(
            "SELECT n.place, c.confirmed_at, c.last_read_at FROM replicas n LEFT JOIN copies c"
            " ON c.replica = n.number AND c.file = ?1 AND c.start = (SELECT max(r.start)"
            " FROM ranges r WHERE r.file = ?1 AND r.start <= ?2) WHERE n.wanted = 1"
            " ORDER BY n.number",
            entry.file,
            entry.start,
        )
        return [CopyRecord._make(row) for row in rows]
