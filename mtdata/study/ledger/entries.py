"""What the ledger knows of every entry: where its bytes and its line stand."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

from mtdata.core.errors import StorageError
from mtdata.core.many_rows import run_values
from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.ledger.classified import NO_ID, Classified, classified, key_of
from mtdata.study.ledger.counts import SETTLED, WORTH_A_TRY, Counts
from mtdata.study.ledger.entry_statements import add_entries, bind_lines
from mtdata.study.ledger.erased import ErasedEntries
from mtdata.study.ledger.events import EventChain
from mtdata.study.ledger.files import Files
from mtdata.study.ledger.places import NO_LINE, PLACES, PlacesOfEntries
from mtdata.study.model.events import EventKind, Run, runs_of
from mtdata.study.model.mark import FileMark
from mtdata.study.model.package import Entry
from mtdata.study.model.receipt import HeldBack, Kept, Placed, Span, by_keys
from mtdata.study.model.states import (
    ADOPTED,
    HELD,
    ROWED,
    SAME_VALUES,
    SUPERSEDED,
)

PAGE = 1024
ENTRY_COLUMNS = "seq, id, digest, file, start, length, sheet, line_start, line_length, cells"


class LedgerEntry(NamedTuple):
    """What the ledger says of one entry; nothing of it is proven until the bytes are read."""

    seq: int
    id: int | None
    digest: bytes
    span: Span
    sheet: int | None
    line: Span | None
    cells: bytes | None

    def kept_entry(self, values: dict[str, Any]) -> Kept:
        """The entry as one whose raw bytes are proven, with what they say."""
        return Kept(self.seq, self.id, self.digest, self.span, values)


def entry_of(row: tuple[Any, ...]) -> LedgerEntry:
    """The entry of a row of ENTRY_COLUMNS; StorageError for a sheet without a line in it."""
    seq, number, digest, file, start, length, sheet, line_start, line_length, cells = row
    if sheet is not None and (line_start is None or line_length is None):
        raise StorageError(NO_LINE)
    line = None if sheet is None else Span(sheet, line_start, line_length)
    known = None if number == NO_ID else number
    return LedgerEntry(seq, known, digest, Span(file, start, length), sheet, line, cells)


class Entries(Counts):
    """Every entry that was ever backed up, once by scale, id and digest."""

    def __init__(
        self, connection: LedgerDatabase, events: EventChain, files: Files, erased: ErasedEntries
    ) -> None:
        super().__init__(connection, events)
        self._files, self._erased = files, erased

    def classify(self, scale: str, batch: Sequence[Entry]) -> Classified:
        """Note a batch of the package as present on the site, and find what is new in it."""
        marks = self._erased.note(scale, batch)
        keys = [key_of(entry) for entry in batch]
        with self._db.working():
            run_values(self._db, "INSERT OR IGNORE INTO temp.present", keys)
            # CROSS JOIN: SQLite keeps the order, so that ids are looked up one by one.
            met = self._db.all(
                "SELECT e.id, e.digest, e.gone_at IS NOT NULL"
                f" AND coalesce(e.answer, '') NOT IN ('{SUPERSEDED}', '{ADOPTED}'), e.raw_lost"
                " FROM (SELECT DISTINCT value AS id FROM json_each(?)) b"
                " CROSS JOIN entries e ON e.scale = ? AND e.id = b.id",
                json.dumps([number for number, _ in keys]),
                scale,
            )
        return classified(batch, met, frozenset(marks))

    def back_up(
        self,
        mark: FileMark,
        added: Sequence[tuple[Entry, Span]],
        *,
        key: str,
        start: int,
        piece: bytes,
        at: datetime,
        conflicts: frozenset[bytes] = frozenset(),
        same_values: Mapping[bytes, LedgerEntry] = MappingProxyType({}),
        found: bool = False,
    ) -> list[int]:
        """Commit that these bytes stand in the raw file; returns the new seq of each entry.

        One that is known stands there from now on, unless it was `found` and stands elsewhere too.

        `same_values` has the entries, by digest, that say what an older version of them says.
        `found`: they stood there before the ledger knew of them, and nobody knows whether the site
        has them still; the next listing will say.
        """
        with self._db.commit():
            self._files.save(mark)
            digest = sha256(piece).digest()
            self._files.add_range(mark.number, start, len(piece), key, digest, at.isoformat())
            seqs = self._enter(mark, added, conflicts, at.isoformat() if found else None)
            runs = self._standing([span for _, span in added], seqs)
            region = Span(mark.number, start, len(piece))
            self._enter_kept(mark, region, digest, runs, found=found)
            for seq, (entry, _) in zip(seqs, added, strict=True) if same_values else ():
                if entry.digest in same_values:
                    self._take_over(same_values[entry.digest], seq)
            return seqs

    def _take_over(self, old: LedgerEntry, seq: int) -> None:
        """The line of the older version is the newer one's now, whose bytes are as sent."""
        given = f"UPDATE entries SET state = {SAME_VALUES}, sheet = NULL WHERE seq = ?"
        line = "sheet = ?, line_start = ?, line_length = ?, cells = ?"
        taken = f"UPDATE entries SET state = {ROWED}, {line} WHERE seq = ?"
        with self._counts.carried_over(both := runs_of((old.seq, seq))):
            self._db.run(given, old.seq)
            if old.line is not None:
                self._db.run(taken, *old.line, old.cells, seq)
                self._events.enter(EventKind.SAME_VALUES, both)

    def hold_aside(
        self,
        mark: FileMark,
        batch: Sequence[Entry],
        starts: Sequence[int],
        at: datetime,
        *,
        found: bool = False,
    ) -> None:
        """Commit entries that may not stand in a raw file; `mark` is their file under held/."""
        mark = self._files.set_down(mark, at.isoformat())
        spans = [Span(mark.number, s, len(e.body)) for s, e in zip(starts, batch, strict=True)]
        with self._db.commit():
            added = list(zip(batch, spans, strict=True))
            seqs = self._enter(mark, added, frozenset(), at.isoformat() if found else None)
            runs, region = self._standing(spans, seqs), Span(mark.number, 0, mark.length)
            self._enter_kept(mark, region, mark.digest, runs, found=found)

    def _standing(self, spans: Sequence[Span], seqs: list[int]) -> list[Run]:
        """Entries that stand there: those just entered, or known ones that were fetched again."""
        if not spans:
            return []
        new = "SELECT count(*) FROM entries WHERE seq >= ?"
        if self._number(new, seqs[0]) == len(seqs):
            return [(seqs[0], seqs[-1])]
        starts = [span.start for span in spans]
        here = "SELECT seq FROM entries WHERE file = ? AND start BETWEEN ? AND ?"
        return self._events.runs(here, spans[0].file, min(starts), max(starts))

    def _enter_kept(
        self, mark: FileMark, region: Span, digest: bytes, runs: list[Run], *, found: bool
    ) -> None:
        kind = EventKind.FOUND if found else EventKind.KEPT
        place = {"start": region.start, "length": region.length, "sha256": digest.hex()}
        self._events.enter(kind, runs, scale=mark.scale, file=mark.path, **place)

    def _enter(
        self,
        mark: FileMark,
        added: Sequence[tuple[Entry, Span]],
        conflicts: frozenset[bytes],
        found_at: str | None,
    ) -> list[int]:
        scale = mark.scale
        erased = self._erased.recognised(scale, [entry for entry, _ in added])
        first = self._number("SELECT coalesce(max(seq), 0) FROM entries") + 1
        with self._counts.taking_in(mark, first):
            add_entries(self._db, first, scale, added, conflicts, erased, found_at)
        return list(range(first, first + len(added)))

    def waiting(self, scale: str, fingerprint: str) -> Iterator[list[LedgerEntry]]:
        """Entries that are safe as raw bytes and may become rows now, oldest first, in pages."""
        after, last = 0, self._number("SELECT coalesce(max(seq), 0) FROM entries")
        next_page = (
            f"SELECT {ENTRY_COLUMNS} FROM entries WHERE scale = ? AND state < {ROWED}"
            f" AND seq > ? AND seq <= ? AND {WORTH_A_TRY} AND raw_lost = 0"
            f" ORDER BY seq LIMIT {PAGE}"
        )
        while rows := self._db.all(next_page, scale, after, last, fingerprint):
            yield [entry_of(row) for row in rows]
            after = rows[-1][0]

    def owed(self, scale: str) -> Iterator[list[LedgerEntry]]:
        """Rowed entries that the last listing concluded shows, no other version of them in doubt.

        A version that a person let through, or that was malformed, is in doubt no more once the
        site does not show it: what a delete of the id takes away is the version with a row.
        """
        after = NO_ID, sys.maxsize
        next_page = (
            f"SELECT {ENTRY_COLUMNS} FROM entries e"
            f" WHERE e.scale = ? AND e.gone_at IS NULL AND e.state = {ROWED} AND e.raw_lost = 0"
            " AND (e.id, e.seq) > (?, ?)"
            " AND NOT EXISTS (SELECT 1 FROM entries o WHERE o.scale = e.scale AND o.id = e.id AND"
            f" ((o.state < {ROWED} AND NOT {SETTLED}) OR (o.raw_lost = 1 AND o.gone_at IS NULL)))"
            f" ORDER BY e.id, e.seq LIMIT {PAGE}"
        )
        while rows := self._db.all(next_page, scale, *after):
            last = rows[-1][1]
            if len(rows) == PAGE and rows[0][1] != last:  # all versions of an id on one page
                rows = [row for row in rows if row[1] != last]
            yield [entry_of(row) for row in rows]
            after = rows[-1][1], rows[-1][0]

    def lines(self, sheet: int) -> Iterator[LedgerEntry]:
        """Every entry with a line in that sheet, in the order of the lines."""
        after, following = -1, "sheet = ? AND line_start > ? ORDER BY line_start"
        next_page = f"SELECT {ENTRY_COLUMNS} FROM entries WHERE {following} LIMIT {PAGE}"
        while rows := self._db.all(next_page, sheet, after):
            yield from map(entry_of, rows)
            after = rows[-1][7]

    def entries_in_sheet(self, sheet: int) -> Iterator[PlacesOfEntries]:
        """Where the raw bytes of each entry stand that has a line there, by page as `lines`."""
        after, following = -1, "sheet = ? AND line_start > ? ORDER BY line_start"
        next_page = f"SELECT {PLACES} FROM entries WHERE {following} LIMIT {PAGE}"
        while rows := self._db.all(next_page, sheet, after):
            yield PlacesOfEntries.of(rows)
            if len(rows) < PAGE:
                return
            after = rows[-1][6]

    def in_raw(self, file: int) -> Iterator[list[LedgerEntry]]:
        """Entries whose raw bytes should stand in that file, by place, in pages."""
        after, following = -1, "file = ? AND start > ? AND raw_lost = 0 ORDER BY start"
        next_page = f"SELECT {ENTRY_COLUMNS} FROM entries WHERE {following} LIMIT {PAGE}"
        while rows := self._db.all(next_page, file, after):
            yield [entry_of(row) for row in rows]
            after = rows[-1][4]

    def record_rows(self, mark: FileMark, placed: Sequence[Placed]) -> None:
        """Commit lines that were read back and matched, together with the sheet's new length."""
        with self._db.commit():
            self._files.save(mark)
            with self._counts.carried_over(runs_of(line.entry.seq for line in placed)):
                rows = [(*line.span, line.digest, line.entry.seq) for line in placed]
                bind_lines(self._db, rows)
            for keys, lines in by_keys(placed).items():
                _, start, _ = lines[0].span
                _, last, length = lines[-1].span
                self._events.enter(
                    EventKind.ROWED,
                    runs_of(line.entry.seq for line in lines),
                    sheet=mark.path,
                    start=start,
                    length=last + length - start,
                    cells=sha256(b"".join(line.digest for line in lines)).hexdigest(),
                    keys=keys,
                )

    def record_held(self, held: Iterable[HeldBack], fingerprint: str) -> None:
        """Commit that entries are held, why, and with which keys they were tried."""
        tried = [(h.kind, h.reason, fingerprint, h.entry.seq) for h in held]
        with self._db.commit():
            held_back = f"UPDATE entries SET state = {HELD}, held = ?, reason = ?, tried_with = ?"
            runs = runs_of(one[3] for one in tried)
            with self._counts.carried_over(runs):
                self._db.run_many(f"{held_back} WHERE seq = ?", tried)
            why = sorted({one[0] for one in tried})
            self._events.enter(EventKind.HELD, runs, why=why)

    def lose_raw(self, seqs: Iterable[int]) -> None:
        """Commit that raw bytes are damaged: not deleted, fetched again while the site has them."""
        lost = list(seqs)
        with self._db.commit():
            self._db.run_many("UPDATE entries SET raw_lost = 1 WHERE seq = ?", zip(lost))
            self._events.enter(EventKind.RAW_LOST, runs_of(lost))

    def find_raw(self, file: int) -> None:
        """Commit that the raw bytes of all entries of a file are there again."""
        with self._db.commit():
            self._db.run("UPDATE entries SET raw_lost = 0 WHERE file = ?", file)
            self._events.enter(EventKind.RAW_BACK, file=self._files.path_of(file))
