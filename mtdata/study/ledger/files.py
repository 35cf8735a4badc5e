"""What the ledger knows of the pool's files; it never looks at the files themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from mtdata.core.errors import DamageError, StorageError
from mtdata.core.past import latest_counted
from mtdata.core.sqlite import question_marks
from mtdata.study.ledger.events import RecordedPart
from mtdata.study.ledger.schema import REBUILD
from mtdata.study.model.events import EventKind
from mtdata.study.model.mark import FileMark
from mtdata.study.model.states import (
    ASIDE,
    CLOSED,
    LIVE,
    REPLACED,
    SPARE,
    STAGED,
    STANDING,
    STORED,
    UNMET,
)

_FIELDS = "number, kind, scale, day, part, path, mode, length, digest, columns, writing, form"


class LiveLength(NamedTuple):
    """A file that may still be written, and its length in bytes by the ledger."""

    number: int
    path: str
    scale: str
    length: int
    writing: bool


def _mark(row: tuple[Any, ...]) -> FileMark:
    columns, writing, form = row[9:]
    return FileMark._make((*row[:9], _names_in(columns or "[]"), bool(writing), form))


@lru_cache(maxsize=256)
def _names_in(columns: str) -> tuple[str, ...]:
    """Most sheets of a scale have the same columns: a year of them is read, and kept, once."""
    return tuple(json.loads(columns))


class Files(RecordedPart):
    """Marks of raw files, sheets and held files, and the ranges that appends put into raw files."""

    def add_range(
        self, number: int, start: int, length: int, key: str, digest: bytes, kept_at: str
    ) -> None:
        """Enter what one append added to a raw file; inside a commit."""
        cells = (number, start, length, key, digest, kept_at)
        self._db.run("INSERT INTO ranges VALUES (?, ?, ?, ?, ?, ?)", *cells)

    def has_key(self, number: int, key: str) -> bool:
        """Whether a package of that name stands in the raw file already."""
        return bool(self._db.row("SELECT 1 FROM ranges WHERE file = ? AND key = ?", number, key))

    def ranges(self, number: int) -> Iterator[tuple[int, int, bytes]]:
        """Start, length and digest of each append to a raw file, in order."""
        after, columns = -1, "start, length, digest"
        following = f"SELECT {columns} FROM ranges WHERE file = ? AND start > ? ORDER BY start"
        while row := self._db.row(f"{following} LIMIT 1", number, after):
            yield row[0], row[1], row[2]
            after = row[0]

    def live(self, kind: str, scale: str, day: str) -> FileMark | None:
        """The newest part of a scale's file of a day that may still be written."""
        live = f"state = '{LIVE}' AND kind = ? AND scale = ? AND day = ?"
        newest = f"SELECT {_FIELDS} FROM files WHERE {live} ORDER BY part DESC LIMIT 1"
        row = self._db.row(newest, kind, scale, day)
        return None if row is None else _mark(row)

    def by_number(self, number: int) -> FileMark:
        """The mark with that number, whatever became of the file.

        StorageError where there is none.
        """
        row = self._db.row(f"SELECT {_FIELDS} FROM files WHERE number = ?", number)
        if row is None:
            raise StorageError(f"the ledger names a file {number} that it does not know.{REBUILD}")
        return _mark(row)

    def path_of(self, number: int) -> str:
        """Where the file of that number stands, '' where there is none."""
        row = self._db.row("SELECT path FROM files WHERE number = ?", number)
        return str(row[0]) if row else ""

    def in_state(self, state: str) -> list[FileMark]:
        """Marks in one of the states of a file (model/states.py), by scale and number."""
        return self._marks("state = ?", state) if state in self._file_states() else []

    def _marks(self, which: str, *values: Any, by: str = "scale, number") -> list[FileMark]:
        marks = f"SELECT {_FIELDS} FROM files WHERE {which} ORDER BY {by}"
        return [_mark(row) for row in self._db.all(marks, *values)]

    def live_lengths(self, kind: str) -> list[LiveLength]:
        """What is known of each file of that kind that may still be written, of all days.

        Every cell of those that should be there is read: a round ends by an odd one at once.
        """
        known = f"SELECT {_FIELDS}, state FROM files WHERE state IN {STANDING} AND kind = ?"
        rows = (row for row in self._db.all(f"{known} ORDER BY number", kind) if row[-1] == LIVE)
        return [LiveLength(row[0], row[5], row[2], row[7], bool(row[10])) for row in rows]

    def standing(self, kind: str = "", now: datetime | None = None) -> list[tuple[FileMark, str]]:
        """Files that should be there, with their state, longest unread first; '' = every kind.

        One that was read after `now` counts as unread.
        """
        rows = self._db.all(
            f"SELECT {_FIELDS}, state FROM files WHERE state IN {STANDING} AND ?1 IN ('', kind)"
            " ORDER BY iif(read_at > ?2, NULL, read_at), kind = 'sheet', scale, number",
            kind,
            None if now is None else latest_counted(now).isoformat(),
        )
        return [(_mark(row[:-1]), row[-1]) for row in rows]

    def standing_at(self, kind: str, path: str) -> list[FileMark]:
        """Files of that kind that should be there under that path."""
        there = f"kind = ? AND path = ? AND state IN {STANDING}"
        return self._marks(there, kind, path, by="number")

    def have_read(self, numbers: Iterable[int], at: datetime) -> None:
        """Remember when these whole files were last held against the ledger."""
        read = ((at.isoformat(), number) for number in numbers)
        self._commit_many("UPDATE files SET read_at = ? WHERE number = ?", read)

    def paths(self) -> set[str]:
        """Where the files are that the ledger knows, whatever became of them."""
        known = {path for (path,) in self._db.all("SELECT path FROM files")}
        newest = "SELECT max(number) FROM files GROUP BY path"
        unmet = f"SELECT path FROM files WHERE state IN {UNMET} AND number IN ({newest})"
        if not self._file_states().keys().isdisjoint(UNMET):  # seldom
            known -= {path for (path,) in self._db.all(unmet)}
        return known

    def knows_any(self) -> bool:
        """Whether a file was ever entered whole."""
        return not self._file_states().keys() <= {*UNMET}

    def raw_marks(self) -> dict[str, tuple[FileMark, str]]:
        """Raw files that the ledger knows, with their state, by path."""
        rows = self._db.all(
            f"SELECT {_FIELDS}, state FROM files WHERE kind = 'raw'"
            f" AND state IN {(*STANDING, SPARE)}"
        )
        return {row[5]: (_mark(row[:-1]), row[-1]) for row in rows}

    def read_since(self, at: datetime, now: datetime) -> int:
        """Bytes of the files that should be there and were read whole since then, up to now."""
        return self._number(
            f"SELECT coalesce(sum(length), 0) FROM files WHERE state IN {STANDING}"
            " AND read_at >= ? AND read_at <= ?",
            at.isoformat(),
            latest_counted(now).isoformat(),
        )

    def all_read(self, since: datetime, now: datetime) -> bool:
        """Whether every file that should be there was read whole after that, none after now."""
        return not self._db.row(
            f"SELECT 1 FROM files WHERE state IN {STANDING}"
            " AND (read_at IS NULL OR read_at <= ? OR read_at > ?) LIMIT 1",
            since.isoformat(),
            latest_counted(now).isoformat(),
        )

    def unfinished(self) -> list[FileMark]:
        """Live files that a round had in hand when it ended without a word."""
        has_some = self._file_states().get(LIVE)
        return self._marks(f"state = '{LIVE}' AND writing = 1") if has_some else []

    def parts(self, kind: str, scale: str, day: str) -> int:
        """How many parts that day's file has had so far, whatever became of them."""
        of_day = "kind = ? AND scale = ? AND day = ?"
        newest = f"SELECT coalesce(max(part), 0) FROM files WHERE {of_day}"
        return self._number(newest, kind, scale, day)

    def part_at(self, path: str) -> int | None:
        """The part that a file under that path was, if the ledger ever knew one there."""
        row = self._db.row("SELECT max(part) FROM files WHERE path = ?", path)
        return row[0] if row else None

    def begin(self, mark: FileMark, state: str = LIVE) -> FileMark:
        """Enter a file before its first byte is written, so that a torn one is known as ours."""
        with self._db.commit():
            number = self._number("SELECT coalesce(max(number), 0) FROM files") + 1
            begun = mark._replace(number=number)
            cells = (*begun[:9], json.dumps(mark.columns), mark.writing, mark.form, state)
            places = question_marks(cells)
            self._db.run(f"INSERT INTO files ({_FIELDS}, state) VALUES ({places})", *cells)
        return begun

    def save(self, mark: FileMark) -> None:
        """Store length, digest, columns and whether it is being written; inside a commit."""
        known = "length = ?, digest = ?, columns = ?, writing = ?"
        cells = (mark.length, mark.digest, json.dumps(mark.columns), mark.writing)
        self._db.run(f"UPDATE files SET {known} WHERE number = ?", *cells, mark.number)

    def take_up(self, mark: FileMark) -> FileMark:
        """Say that a round has the file in hand, before it writes."""
        if mark.writing:
            return mark
        mark = mark._replace(writing=True)
        with self._db.commit():
            self.save(mark)
        return mark

    def release_all(self) -> None:
        """Say that every file is at rest: what stands there now is what was committed."""
        if self.any_in_hand():
            self._commit("UPDATE files SET writing = 0 WHERE writing = 1")

    def forget(self, number: int) -> None:
        """Drop a staged file that was never published."""
        self._commit(f"DELETE FROM files WHERE number = ? AND state = '{STAGED}'", number)

    def set_state(self, number: int, state: str) -> None:
        """Move a file to another state."""
        with self._db.commit():
            was = self._db.row("SELECT state, path FROM files WHERE number = ?", number)
            self._db.run("UPDATE files SET state = ? WHERE number = ?", state, number)
            if was and was[0] != state and state in (ASIDE, REPLACED):
                self._events.enter(EventKind.SET_ASIDE, file=was[1])
            elif was and was[0] == ASIDE and state == CLOSED:
                self._events.enter(EventKind.PUT_BACK, file=was[1])

    def set_form(self, sheet: int, form: int) -> None:
        """Say how the rows of a sheet that was found are worded."""
        self._commit("UPDATE files SET form = ? WHERE number = ?", form, sheet)

    def give_up(self, sheet: int, state: str = REPLACED) -> int:
        """Let go of a sheet that is not as it was left; how many of its lines wait for a new row.

        In one commit: of a sheet that is given up nobody would look for lines that still claim it.
        """
        with self._db.commit():
            lost = "SELECT seq FROM entries WHERE sheet = ? AND raw_lost = 0"
            runs, path = self._events.runs(lost, sheet), self.path_of(sheet)
            self._events.enter(EventKind.ROWS_TAKEN_BACK, runs, sheet=path)
            self._db.run("UPDATE files SET state = ? WHERE number = ?", state, sheet)
            self._db.run("UPDATE snapshots SET sheet = NULL WHERE sheet = ?", sheet)
            with self._counts.carried_over(runs):
                return self._db.run(
                    f"UPDATE entries SET state = {STORED}, accepted = 1, sheet = NULL,"
                    " line_start = NULL, line_length = NULL, cells = NULL"
                    " WHERE sheet = ? AND raw_lost = 0",
                    sheet,
                )

    def adopt(self, old: FileMark | None, new: FileMark, lines: Iterator[tuple[int, int]]) -> None:
        """Let a published sheet take the place of `old`: `lines` are its places, in row order."""
        with self._db.commit():
            if old is not None and old.mode == "grow":
                self._move_lines(old.number, new.number, lines)
            if old is not None:
                replaced = f"UPDATE files SET state = '{REPLACED}', writing = 0 WHERE number = ?"
                self._db.run(replaced, old.number)
                self._db.run("UPDATE snapshots SET sheet = NULL WHERE sheet = ?", old.number)
                self._events.enter(EventKind.SHEET_REPLACED, sheet=new.path, before=old.path)
            self._db.run(f"UPDATE files SET state = '{LIVE}' WHERE number = ?", new.number)

    def _move_lines(self, old: int, new: int, lines: Iterator[tuple[int, int]]) -> None:
        after = -1
        next_page = (
            "SELECT seq, line_start FROM entries WHERE sheet = ? AND line_start > ?"
            " ORDER BY line_start LIMIT 1000"
        )
        while seqs := self._db.all(next_page, old, after):
            after = seqs[-1][1]
            places = [(new, *place, seq) for (seq, _), place in zip(seqs, lines, strict=False)]
            if len(places) < len(seqs):
                raise DamageError("a sheet has fewer rows than its ledger says; see mtdata verify")
            moved = "UPDATE entries SET sheet = ?, line_start = ?, line_length = ? WHERE seq = ?"
            self._db.run_many(moved, places)

    def fresh_mark(self, kind: str, scale: str, day: str, part: int, path: str) -> FileMark:
        """A mark for a file that is to be begun; number 0 until it is entered."""
        return FileMark(0, kind, scale, day, part, path, "grow", writing=True)

    def set_down(self, mark: FileMark, kept_at: str) -> FileMark:
        """Enter a whole file and its one range, once: what is there under the path is the same."""
        same = f"state = '{LIVE}' AND kind = ? AND scale = ? AND path = ? AND digest = ?"
        keys = (mark.kind, mark.scale, mark.path, mark.digest)
        row = self._db.row(f"SELECT {_FIELDS} FROM files WHERE {same}", *keys)
        made = _mark(row) if row else self.begin(mark._replace(writing=False))
        if not self.has_key(made.number, ""):
            with self._db.commit():
                self.add_range(made.number, 0, made.length, "", made.digest, kept_at)
        return made
