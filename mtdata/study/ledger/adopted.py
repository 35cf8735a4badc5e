"""What the ledger learns of a pool that was there before it: it is told, and looks at no file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from mtdata.study.ledger.entries import ENTRY_COLUMNS, LedgerEntry, entry_of
from mtdata.study.ledger.entry_statements import bind_lines
from mtdata.study.ledger.events import RecordedPart
from mtdata.study.model.events import EventKind, runs_of
from mtdata.study.model.receipt import Span
from mtdata.study.model.states import (
    ADOPTED,
    CONFLICT,
    ENTERING,
    FOREIGN,
    HELD,
    MALFORMED,
    NEWER,
    ROWED,
    SAME_VALUES,
    STORED,
)

_HALF = f"SELECT number FROM files WHERE state = '{ENTERING}'"
_OTHER = "SELECT 1 FROM entries o WHERE o.scale = e.scale AND o.id = e.id AND o.seq <> e.seq"


class AdoptedEntries(RecordedPart):
    """Entries and rows that stood in the pool before its ledger knew of them."""

    def unbound(self, scale: str, ids: Iterable[int], sheet: int) -> dict[int, list[LedgerEntry]]:
        """Entries with these ids that wait for a line, by id, in the order of the raw files.

        Those that have an unproven line of that sheet wait for it to be proven.
        """
        wanted = (
            f"SELECT {ENTRY_COLUMNS} FROM entries WHERE scale = ? AND id = ?"
            f" AND state < {SAME_VALUES} AND (sheet IS NULL OR (sheet = ? AND cells IS NULL))"
            f" AND held IS NOT '{MALFORMED}' AND raw_lost = 0 ORDER BY seq"
        )
        found = {id: self._db.all(wanted, scale, id, sheet) for id in set(ids)}
        return {id: [entry_of(row) for row in rows] for id, rows in found.items() if rows}

    def bind(self, lines: Sequence[tuple[int, Span, bytes | None]]) -> None:
        """Commit which line shows which entry: seq, place, digest of its cells.

        The digest is None for a line that could not be held against raw; such an entry has its
        row, but is not proven and so never deleted.
        """
        with self._db.commit():
            with self._counts.carried_over(runs_of(seq for seq, _, _ in lines)):
                bind_lines(self._db, [(*span, digest, seq) for seq, span, digest in lines])
            proven = [seq for seq, _, digest in lines if digest is not None]
            if proven:
                sheet = {span.file for _, span, _ in lines}.pop()
                path = self._db.row("SELECT path FROM files WHERE number = ?", sheet)
                self._events.enter(EventKind.MATCHED, runs_of(proven), sheet=path and path[0])

    def settle(self) -> None:
        """Commit what follows once all files are entered.

        An id with several versions keeps the ones that have rows, else its first; the others are
        held, but for those that a person let through.
        """
        several = (
            f" WHERE state = {STORED} AND answer = '{ADOPTED}' AND accepted = 0"
            f" AND id >= 0 AND EXISTS ({_OTHER} AND (o.state = {ROWED} OR o.seq < e.seq))"
        )
        if not self._db.remembered(f"SELECT 1 FROM entries AS e{several} LIMIT 1"):
            return  # most rounds commit nothing here
        with self._db.commit():
            held = self._db.run(
                f"UPDATE entries AS e SET state = {HELD}, held = '{CONFLICT}',"
                f" reason = 'the id stands in the raw files with other content too'{several}"
            )
            if held:
                self._counts.count_again()
                self._events.enter(EventKind.HELD, why=[CONFLICT], number=held)

    def forget_the_site(self, at: datetime) -> None:
        """Commit that nobody knows what the site still has: an older ledger was put back.

        What is there, the next listing will say; what is not may have been deleted by ourselves.
        """
        if self._db.row("SELECT 1 FROM entries WHERE gone_at IS NULL LIMIT 1"):
            with self._db.commit():
                self._db.run(
                    f"UPDATE entries SET gone_at = ?, answer = '{ADOPTED}', asked_at = NULL"
                    " WHERE gone_at IS NULL",
                    at.isoformat(),
                )
                self._events.enter(EventKind.SITE_UNKNOWN)

    def count(self) -> int:
        """How many entries the ledger knows."""
        return self._number("SELECT count(*) FROM entries")

    def drop_half_entered(self) -> None:
        """Commit that files whose entering was cut off are to be entered again, from the front."""
        if ENTERING not in self._file_states():
            return
        with self._db.commit():
            self._db.run(
                f"UPDATE entries SET state = {STORED}, sheet = NULL, line_start = NULL,"
                f" line_length = NULL, cells = NULL WHERE sheet IN ({_HALF})"
            )
            self._db.run(f"UPDATE snapshots SET sheet = NULL WHERE sheet IN ({_HALF})")
            self._db.run(f"DELETE FROM snapshots WHERE file IN ({_HALF})")
            self._db.run(f"UPDATE files SET state = '{NEWER}' WHERE state = '{ENTERING}'")
            self._counts.count_again()

    def drop_unwanted(self, number: int) -> None:
        """Commit that a file that is half entered is left alone after all."""
        self._commit(f"DELETE FROM files WHERE number = ? AND state = '{ENTERING}'", number)

    def unknown(self, scale: str, batch: Sequence[tuple[int | None, bytes]]) -> int:
        """How many of these (id, digest) the ledger does not know under that scale; '' = any."""
        scales = [scale] if scale else [r[0] for r in self._db.all("SELECT name FROM scales")]
        return sum(not any(self._knows(name, *key) for name in scales) for key in batch)

    def _knows(self, scale: str, number: int | None, digest: bytes) -> bool:
        known = "SELECT 1 FROM entries WHERE scale = ? AND id = ? AND digest = ?"
        return bool(self._db.row(known, scale, -1 if number is None else number, digest))

    def unknown_ids(self, scale: str, ids: Iterable[int | None]) -> int:
        """How many of these ids the ledger has no entry of at all."""
        known = "SELECT 1 FROM entries WHERE scale = ? AND id = ?"
        return sum(id is not None and not self._db.row(known, scale, id) for id in ids)

    def is_waited_for(self, scale: str) -> bool:
        """Whether a sheet that nobody knows may have rows of this scale that nobody has bound."""
        waiting = f"SELECT 1 FROM entries WHERE scale = ? AND state < {ROWED} LIMIT 1"
        bare = "SELECT 1 FROM snapshots WHERE scale = ? AND sheet IS NULL LIMIT 1"
        return bool(self._db.row(waiting, scale) or self._db.row(bare, scale))

    def unproven(self, sheet: int) -> int:
        """How many lines of a sheet were never held against raw."""
        return self._number("SELECT count(*) FROM entries WHERE sheet = ? AND cells IS NULL", sheet)

    def foreign(self, scale: str, ids: Iterable[int]) -> dict[int, LedgerEntry]:
        """Entries with these ids whose raw bytes the original program wrote in its own words."""
        newest = (
            f"SELECT {ENTRY_COLUMNS} FROM entries WHERE scale = ? AND id = ?"
            f" AND state < {SAME_VALUES} AND file IN (SELECT number FROM files"
            f" WHERE kind = 'raw' AND state = '{FOREIGN}') ORDER BY seq DESC LIMIT 1"
        )
        found = {id: self._db.row(newest, scale, id) for id in set(ids)}
        return {id: entry_of(row) for id, row in found.items() if row}
