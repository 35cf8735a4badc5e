"""Entries by where their line stands, or by that they have none; it reads no file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.ledger.entries import ENTRY_COLUMNS, PAGE, LedgerEntry, entry_of
from mtdata.study.ledger.schema import LedgerPart
from mtdata.study.ledger.snapshots import Snapshot, Snapshots


class EntrySearch(LedgerPart):
    """What one who looks for a person's entries asks."""

    def __init__(self, connection: LedgerDatabase, snapshots: Snapshots) -> None:
        super().__init__(connection)
        self._snapshots = snapshots

    def without_row(self, scale: str) -> Iterator[list[LedgerEntry]]:
        """Entries of a scale with raw bytes and without a row, oldest first, in pages."""
        after = 0
        next_page = (
            f"SELECT {ENTRY_COLUMNS} FROM entries WHERE scale = ? AND sheet IS NULL AND start >= 0"
            f" AND seq > ? ORDER BY seq LIMIT {PAGE}"
        )
        while rows := self._db.all(next_page, scale, after):
            yield [entry_of(row) for row in rows]
            after = rows[-1][0]

    def at_lines(self, sheet: int, starts: Iterable[int]) -> Iterator[LedgerEntry]:
        """The entries whose lines begin at these places of a sheet."""
        line = f"SELECT {ENTRY_COLUMNS} FROM entries WHERE sheet = ? AND line_start = ?"
        for start in starts:
            if row := self._db.row(line, sheet, start):
                yield entry_of(row)

    def count_on_site(self, seqs: Iterable[int]) -> int:
        """How many of these entries the last listing of the site showed."""
        there = "SELECT 1 FROM entries WHERE seq = ? AND gone_at IS NULL"
        return sum(self._db.row(there, seq) is not None for seq in seqs)

    def snapshots_of(self, scale: str) -> Iterator[Snapshot]:
        """Every snapshot of a scale, oldest first."""
        rows = self._db.all("SELECT number FROM snapshots WHERE scale = ? ORDER BY number", scale)
        for (number,) in rows:
            yield from self._snapshots.numbered(number)
