"""What the ledger learns of a pool that was there before it: it is told, and looks at no file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from mtdata.adapters.ledger.connection import Connection
from mtdata.adapters.ledger.entries import CLAIM, RESTATED, Claim, claim_of
from mtdata.domain.receipt import Span

_OTHER = "SELECT 1 FROM entries o WHERE o.scale = e.scale AND o.id = e.id AND o.seq <> e.seq"


class Adopted:
    """Entries and rows that were found and not made."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def unbound(self, scale: str, ids: Iterable[int], sheet: int) -> dict[int, list[Claim]]:
        """Entries with these ids that wait for a line, by id, in the order of the raw files.

        Those that have an unproven line of that sheet wait for it to be proven.
        """
        found: dict[int, list[Claim]] = {}
        for number in set(ids):
            for row in self._db.all(
                f"SELECT {CLAIM} FROM entries WHERE scale = ? AND id = ? AND state <> {RESTATED}"
                " AND (sheet IS NULL OR (sheet = ? AND cells IS NULL))"
                " AND held IS NOT 'malformed' AND raw_lost = 0 ORDER BY seq",
                scale,
                number,
                sheet,
            ):
                found.setdefault(number, []).append(claim_of(row))
        return found

    def bind(self, lines: Sequence[tuple[int, Span, bytes | None]]) -> None:
        """Commit which line shows which entry: seq, place, digest of its cells.

        The digest is None for a line that could not be held against raw; such an entry has its
        row, but is not proven and so never deleted.
        """
        with self._db.commit():
            self._db.run_many(
                "UPDATE entries SET state = 2, held = NULL, reason = NULL, sheet = ?,"
                " line_start = ?, line_length = ?, cells = ? WHERE seq = ?",
                ((*span, digest, seq) for seq, span, digest in lines),
            )

    def settle(self, at: datetime) -> int:
        """Commit what follows once all files are entered; returns how many entries there are.

        An id with several versions keeps the ones that have rows, else its first; the others are
        held.  Whether an entry is still on the site, the next listing will say.
        """
        with self._db.commit():
            self._db.run(
                "UPDATE entries AS e SET state = 1, held = 'conflict',"
                " reason = 'the id stands in the raw files with other content too' WHERE state = 0"
                f" AND id >= 0 AND EXISTS ({_OTHER} AND (o.state = 2 OR o.seq < e.seq))"
            )
            return self._db.run(
                "UPDATE entries SET gone_at = ?, answer = 'adopted'", at.isoformat()
            )

    def unproven(self, sheet: int) -> int:
        """How many lines of a sheet were never held against raw."""
        row = self._db.one("SELECT count(*) FROM entries WHERE sheet = ? AND cells IS NULL", sheet)
        return int(row[0]) if row else 0

    def foreign(self, scale: str, ids: Iterable[int]) -> dict[int, Claim]:
        """Entries with these ids whose raw bytes the original program wrote in its own words."""
        found: dict[int, Claim] = {}
        for number in set(ids):
            row = self._db.one(
                f"SELECT {CLAIM} FROM entries WHERE scale = ? AND id = ? AND state < {RESTATED}"
                " AND file IN (SELECT number FROM files WHERE kind = 'raw' AND state = 'foreign')"
                " ORDER BY seq DESC LIMIT 1",
                scale,
                number,
            )
            if row is not None:
                found[number] = claim_of(row)
        return found
