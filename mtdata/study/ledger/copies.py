"""What the ledger knows of the copies of raw ranges on replicas; it never asks a replica.

A range is owed to every wanted replica from the commit that enters it (the trigger
`ranges_to_copy`, so that nobody who enters ranges can forget it) until its copy is confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from mtdata.core.past import latest_counted
from mtdata.study.ledger.events import RecordedPart
from mtdata.study.model.copy import Range
from mtdata.study.model.events import EventKind

PAGE = 64
_RANGE = "r.file, r.start, r.length, r.digest, r.kept_at, f.path, f.scale"
_OF_COPIES = (
    "FROM copies c CROSS JOIN ranges r ON r.file = c.file AND r.start = c.start"
    " CROSS JOIN files f ON f.number = c.file"
    " WHERE c.replica = (SELECT number FROM replicas WHERE place = ?)"
)
_THIS_COPY = (
    "WHERE replica = (SELECT number FROM replicas WHERE place = ?) AND file = ? AND start = ?"
)
_NEWEST = (2**63 - 1, 2**63 - 1)


class Copied(NamedTuple):
    """How a replica stands: ranges whose copy it confirmed, and those that it lacks."""

    place: str
    confirmed: int
    missing: int


class Copies(RecordedPart):
    """Every raw range by replica."""

    def enlist(self, places: Sequence[str]) -> None:
        """Let these replicas, and no others, want every range; nothing is written if they do."""
        wanted = self._db.all("SELECT place FROM replicas WHERE wanted = 1")
        if {place for (place,) in wanted} == set(places):
            return
        with self._db.commit():
            self._db.run("UPDATE replicas SET wanted = 0")
            self._db.run_many(
                "INSERT INTO replicas (place, wanted) VALUES (?, 1)"
                " ON CONFLICT (place) DO UPDATE SET wanted = 1",
                ((place,) for place in places),
            )
            self._db.run(
                "INSERT OR IGNORE INTO copies (replica, file, start)"
                " SELECT n.number, r.file, r.start FROM replicas n JOIN ranges r"
                " WHERE n.wanted = 1"
            )

    def missing(self, place: str, scale: str | None) -> Iterator[list[Range]]:
        """Ranges of a scale (None = all) that the replica has not confirmed, newest first."""
        before = _NEWEST
        next_page = (
            f"SELECT {_RANGE} {_OF_COPIES} AND c.confirmed_at IS NULL"
            " AND (c.file, c.start) < (?, ?) AND (? IS NULL OR f.scale = ?)"
            " ORDER BY c.file DESC, c.start DESC LIMIT ?"
        )
        while rows := self._db.all(next_page, place, *before, scale, scale, PAGE):
            yield [Range._make(row) for row in rows]
            before = rows[-1][:2]

    def covering(self, file: int, start: int, length: int) -> Range | None:
        """The range in which that stretch of a file came; None when no single one holds it."""
        row = self._db.row(
            f"SELECT {_RANGE} FROM ranges r JOIN files f ON f.number = r.file"
            " WHERE r.file = ? AND r.start <= ? ORDER BY r.start DESC LIMIT 1",
            file,
            start,
        )
        found = None if row is None else Range._make(row)
        return found if found and found.start + found.length >= start + length else None

    def overlapping(self, file: int, start: int, length: int) -> list[Range]:
        """The ranges that share a byte with that stretch of a file, in order."""
        shared = (
            f"SELECT {_RANGE} FROM ranges r JOIN files f ON f.number = r.file"
            " WHERE r.file = ? AND r.start < ? AND r.start + r.length > ? ORDER BY r.start"
        )
        return [Range._make(row) for row in self._db.all(shared, file, start + length, start)]

    def is_confirmed(self, place: str, wanted: Range) -> bool:
        """Whether the replica once confirmed the copy of exactly these bytes."""
        is_same = (
            f"SELECT c.digest = r.digest {_OF_COPIES} AND c.file = ? AND c.start = ?"
            " AND c.confirmed_at IS NOT NULL"
        )
        return bool(self._number(is_same, place, wanted.file, wanted.start))

    def replicas(self) -> list[str]:
        """Every replica that ever wanted ranges."""
        return [place for (place,) in self._db.all("SELECT place FROM replicas ORDER BY number")]

    def has_any(self, place: str) -> bool:
        """Whether the replica ever confirmed a copy."""
        return bool(
            self._db.row(f"SELECT 1 {_OF_COPIES} AND c.confirmed_at IS NOT NULL LIMIT 1", place)
        )

    def record(self, place: str, put: Iterable[tuple[Range, bool]], at: datetime) -> None:
        """Commit copies that the replica confirmed; with each, whether it was put just now."""
        when, confirmed = at.isoformat(), list(put)
        with self._db.commit():
            self._db.run_many(
                "UPDATE copies SET digest = ?, confirmed_at = ?,"
                f" put_at = CASE WHEN ? THEN ? ELSE put_at END {_THIS_COPY}",
                ((r.digest, when, now, when, place, r.file, r.start) for r, now in confirmed),
            )
            self._enter(EventKind.COPIED, place, [one for one, _ in confirmed])

    def _enter(self, kind: EventKind, place: str, ranges: Sequence[Range]) -> None:
        digests = sha256(b"".join(one.digest for one in ranges)).hexdigest()
        self._events.enter(kind, replica=place, ranges=len(ranges), sha256=digests)

    def forget(self, place: str, lost: Iterable[Range]) -> None:
        """Commit that copies are gone or other than they were: they are owed again."""
        gone = list(lost)
        with self._db.commit():
            self._db.run_many(
                "UPDATE copies SET digest = NULL, confirmed_at = NULL, last_read_at = NULL"
                f" {_THIS_COPY}",
                ((place, r.file, r.start) for r in gone),
            )
            self._enter(EventKind.UNCOPIED, place, gone)

    def lose_raw(self, damaged: Range) -> int:
        """Commit that entries of a range that nobody can copy any more are to be fetched again."""
        start, end = damaged.start, damaged.start + damaged.length
        on_site = "file = ? AND start >= ? AND start < ? AND gone_at IS NULL AND raw_lost = 0"
        with self._db.commit():
            where = (damaged.file, start, end)
            if runs := self._events.runs(f"SELECT seq FROM entries WHERE {on_site}", *where):
                self._events.enter(EventKind.RAW_LOST, runs)
            return self._db.run(f"UPDATE entries SET raw_lost = 1 WHERE {on_site}", *where)

    # for reading all of them again -------------------------------------------------------------

    def unread(self, place: str, before: datetime, now: Callable[[], datetime]) -> Iterator[Range]:
        """Confirmed copies in the order of longest unread; each once, if `before` is now.

        Those that were read after what `now` says come last.
        """
        after: tuple[Any, ...] = ("", -1, -1)
        next_page = (
            f"SELECT {_RANGE}, coalesce(c.last_read_at, c.confirmed_at) AS seen_at {_OF_COPIES}"
            " AND c.confirmed_at IS NOT NULL AND (seen_at < ? OR seen_at > ?)"
            " AND (seen_at, c.file, c.start) > (?, ?, ?)"
            " ORDER BY seen_at, c.file, c.start LIMIT ?"
        )
        begun = before.isoformat()
        while rows := self._db.all(
            next_page, place, begun, latest_counted(now()).isoformat(), *after, PAGE
        ):
            for row in rows:
                yield Range._make(row[:7])
            after = (rows[-1][7], *rows[-1][:2])

    def note_read(self, place: str, sound: Iterable[Range], at: datetime) -> None:
        """Commit that copies were read and are what they should be."""
        self._commit_many(
            f"UPDATE copies SET last_read_at = ? {_THIS_COPY}",
            ((at.isoformat(), place, r.file, r.start) for r in sound),
        )

    def standing(self) -> list[Copied]:
        """How each wanted replica stands."""
        rows = self._db.all(
            "SELECT n.place, coalesce(sum(c.confirmed_at IS NOT NULL), 0),"
            " coalesce(sum(c.replica IS NOT NULL AND c.confirmed_at IS NULL), 0)"
            " FROM replicas n LEFT JOIN copies c ON c.replica = n.number"
            " WHERE n.wanted = 1 GROUP BY n.number ORDER BY n.number"
        )
        return [Copied._make(row) for row in rows]
