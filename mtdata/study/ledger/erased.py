"""What the ledger knows of entries that were erased; of their answers it keeps nothing.

An entry whose raw bytes are gone keeps its line here under a mark instead of its digest, without a
place (start -1): so a listing that shows it still, and a delete that was asked, are known as ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.ledger.events import EventChain, RecordedPart
from mtdata.study.ledger.files import Files
from mtdata.study.model.events import EventKind, runs_of
from mtdata.study.model.mark import FileMark
from mtdata.study.model.package import Entry
from mtdata.study.model.states import ERASED
from mtdata.study.model.tombstone import NO_ID, Erasure, Tombstone, TombstoneIndex

BARE = (
    f"state = {ERASED}, held = NULL, reason = NULL, tried_with = NULL, sheet = NULL,"
    " line_start = NULL, line_length = NULL, cells = NULL, raw_lost = 0"
)
"""An entry without a row, and with nothing told of it."""


class SnapshotNow(NamedTuple):
    """How a snapshot stands once rows of it are erased."""

    number: int
    start: int
    length: int
    rows: int
    highest: int
    malformed: int
    digest: bytes


class NewPlaces(NamedTuple):
    """A file without the stretches that were cut out of it, and where things stand in it now.

    `shifts`: from this place on, up to that one, what stood there stands so many bytes earlier.
    `ranges`: start before, start, length and digest of each range that is another now; length 0
    for one that is gone.
    """

    mark: FileMark
    shifts: Sequence[tuple[int, int, int]]
    ranges: Sequence[tuple[int, int, int, bytes]] = ()


class ErasedEntries(RecordedPart):
    """The erasures of one pool."""

    def __init__(self, connection: LedgerDatabase, events: EventChain, files: Files) -> None:
        super().__init__(connection, events)
        self._files = files

    def signs(self) -> set[str]:
        """The sign of every erasure that is entered."""
        return {sign for (sign,) in self._db.all("SELECT sign FROM erasures")}

    def erasures(self) -> list[Erasure]:
        """Every erasure, oldest first."""
        found = self._db.all(
            "SELECT number, sign, erased_at, key, raw FROM erasures ORDER BY number"
        )
        return [
            Erasure(sign, at, key, bool(raw), self._tombstones(number))
            for number, sign, at, key, raw in found
        ]

    def _tombstones(self, number: int) -> tuple[Tombstone, ...]:
        rows = "SELECT scale, id, mark, line FROM tombstones WHERE erasure = ?"
        return tuple(Tombstone._make(row) for row in self._db.all(rows, number))

    def enter(self, erasures: Iterable[Erasure]) -> None:
        """Commit erasures that another copy of the list has."""
        known = self.signs()
        fresh = {one.sign: one for one in erasures if one.sign not in known}
        if fresh:
            with self._db.commit():
                for one in fresh.values():
                    self._enter(one)
                    self._events.enter(EventKind.ERASED, erasure=one.sign, by="another copy")

    def _enter(self, one: Erasure) -> None:
        number = self._number("SELECT coalesce(max(number), 0) FROM erasures") + 1
        cells = (number, one.sign, one.erased_at, one.key, int(one.raw))
        self._db.run("INSERT INTO erasures VALUES (?, ?, ?, ?, ?)", *cells)
        self._db.run_many(
            "INSERT OR IGNORE INTO tombstones VALUES (?, ?, ?, ?, ?)",
            ((*tombstone, number) for tombstone in one.tombstones),
        )

    def tombstones_of(self, scale: str, *, of_raw: bool = False) -> TombstoneIndex:
        """The tombstones of a scale; `of_raw`: of those that may stand in no raw file either."""
        rows = self._db.all(
            "SELECT e.key, t.scale, t.id, t.mark, t.line FROM tombstones t JOIN erasures e"
            " ON e.number = t.erasure WHERE t.scale = ? AND (e.raw = 1 OR ? = 0)",
            scale,
            int(of_raw),
        )
        return TombstoneIndex(scale, ((key, Tombstone(*row)) for key, *row in rows))

    def scales(self) -> set[str]:
        """Scales of which anything was erased."""
        return {scale for (scale,) in self._db.all("SELECT DISTINCT scale FROM tombstones")}

    # entries that come again ------------------------------------------------------------

    def recognised(self, scale: str, batch: Sequence[Entry]) -> dict[bytes, bytes]:
        """Which of these entries were erased: by digest, the mark of each."""
        if not self._db.row("SELECT 1 FROM tombstones WHERE scale = ? LIMIT 1", scale):
            return {}
        erased = self.tombstones_of(scale)
        marks = {entry.digest: erased.entry(entry.id, entry.digest) for entry in batch}
        return {digest: mark for digest, mark in marks.items() if mark}

    def _meet(self, scale: str, batch: Sequence[Entry], marks: dict[bytes, bytes]) -> None:
        """Count them as present; those that a new ledger has no line of get one."""
        met = [
            (_id(entry), marks[entry.digest])
            for entry in batch
            if entry.digest in marks and not self._has_line(scale, entry)
        ]
        lacking = [key for key in met if not self._knows(scale, *key)]
        if lacking:
            self._add_lines(scale, lacking)
        with self._db.working():
            self._db.run_many("INSERT OR IGNORE INTO temp.present VALUES (?, ?)", met)

    def note(self, scale: str, batch: Sequence[Entry]) -> dict[bytes, bytes]:
        """Note those of a listing that were erased as present; by digest, the mark of each."""
        marks = self.recognised(scale, batch)
        if marks:
            self._meet(scale, batch, marks)
        return marks

    def _has_line(self, scale: str, entry: Entry) -> bool:
        return self._knows(scale, _id(entry), entry.digest)

    def _knows(self, scale: str, number: int, digest: bytes) -> bool:
        known = "SELECT 1 FROM entries WHERE scale = ? AND id = ? AND digest = ?"
        return bool(self._db.row(known, scale, number, digest))

    def _add_lines(self, scale: str, keys: Sequence[tuple[int, bytes]]) -> None:
        with self._db.commit():
            first = self._number("SELECT coalesce(max(seq), 0) FROM entries") + 1
            self._db.run_many(
                "INSERT OR IGNORE INTO entries (seq, scale, id, digest, file, start, length, state)"
                f" VALUES (?, ?, ?, ?, 0, -1, 0, {ERASED})",
                ((seq, scale, *key) for seq, key in enumerate(keys, first)),
            )
            came = [(first, first + len(keys) - 1)]
            self._events.enter(EventKind.ERASED, came, scale=scale, by="came again")

    def on_site(self, scale: str) -> list[tuple[int, int]]:
        """Seq and id of erased entries that the last listing concluded shows, once an id.

        Not those of whose id another version is there that was not erased.
        """
        return [
            (seq, number)
            for seq, number in self._db.all(
                "SELECT min(e.seq) AS seq, e.id FROM entries e"
                f" WHERE e.scale = ? AND e.gone_at IS NULL AND e.state = {ERASED} AND e.id >= 0"
                " AND NOT EXISTS (SELECT 1 FROM entries o WHERE o.scale = e.scale AND o.id = e.id"
                f" AND o.state <> {ERASED} AND o.gone_at IS NULL) GROUP BY e.id ORDER BY e.id",
                scale,
            )
        ]

    # what an erasure commits ------------------------------------------------------------

    def commit(
        self,
        one: Erasure,
        entries: Iterable[tuple[int, bytes]],
        places: Sequence[NewPlaces],
        snapshots: Sequence[SnapshotNow],
    ) -> None:
        """Commit an erasure whose files are in their places: all of it, or nothing.

        `entries`: seq and mark of each.  What the file of the ledger held of them is overwritten.
        """
        self._db.run("PRAGMA secure_delete = ON")
        with self._db.commit():
            self._enter(one)
            bared = list(entries)
            self._bare(one, bared)
            runs = runs_of(seq for seq, _ in bared)
            paths = sorted(file.mark.path for file in places)
            self._events.enter(EventKind.ERASED, runs, erasure=one.sign, raw=one.raw, files=paths)
            for file in places:
                self._move(file)
            self._db.run_many(
                "UPDATE snapshots SET start = ?2, length = ?3, count = ?4, highest = ?5,"
                " malformed = ?6, digest = ?7 WHERE number = ?1",
                snapshots,
            )
            self._counts.count_again()
        self._db.run("PRAGMA wal_checkpoint(TRUNCATE)")

    def _bare(self, one: Erasure, entries: Iterable[tuple[int, bytes]]) -> None:
        gone = ", digest = ?2, file = 0, start = -1, length = 0" if one.raw else ""
        bare = f"UPDATE OR REPLACE entries SET {BARE}{gone} WHERE seq = ?1 AND ?2 IS NOT NULL"
        self._db.run_many(bare, entries)

    def _move(self, file: NewPlaces) -> None:
        number = file.mark.number
        column, of_file = (
            ("line_start", "sheet") if file.mark.kind == "sheet" else ("start", "file")
        )
        moved = (
            f"UPDATE entries SET {column} = {column} - ? WHERE {of_file} = ?"
            f" AND {column} >= ? AND {column} < ?"
        )
        self._db.run_many(moved, ((by, number, start, end) for start, end, by in file.shifts))
        self._files.save(file.mark)
        for before, start, length, digest in file.ranges:
            row = self._db.row(
                "SELECT key, kept_at FROM ranges WHERE file = ? AND start = ?", number, before
            )
            for table in ("ranges", "copies"):
                self._db.run(f"DELETE FROM {table} WHERE file = ? AND start = ?", number, before)
            if row and length:
                self._files.add_range(number, start, length, row[0], digest, row[1])


def _id(entry: Entry) -> int:
    return NO_ID if entry.id is None else entry.id
