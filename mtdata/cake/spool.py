"""Rows of one part of an export on their way into a file: each id once, the newest of it, in order.

A window's rows and the mark of where to go on are one commit, so a part that was cut off goes on
with the window it was in.  Memory is bounded by a batch, whatever comes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from mtdata.core.disk import FolderDisk, make_folder
from mtdata.core.errors import StorageError
from mtdata.core.journal import opened
from mtdata.core.output import FileFacts
from mtdata.core.reach import check_plain

BATCH = 500
CACHE_KIB = 2048
"""SQLite fills it twice, with pages and with what it sorts; more makes nothing faster here."""
MOST_ID = 2**63 - 1
EVERY = (-MOST_ID, MOST_ID)
FORM = 1
WORDS = (
    ("SQLITE_FULL", "the disk is full"),
    ("SQLITE_READONLY", "it may not be written"),
    ("SQLITE_IOERR", "the disk does not read or write"),
    ("SQLITE_CANTOPEN", "it cannot be opened"),
    ("SQLITE_CORRUPT", "it is damaged"),
    ("SQLITE_NOTADB", "it is damaged, or something else"),
)
TORN = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR")
"""What SQLite says of a file that holds something else than a spool, or of one that is damaged."""
_TABLES = """
CREATE TABLE rows (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, version TEXT NOT NULL, line BLOB NOT NULL
);
CREATE TABLE mark (mark TEXT NOT NULL);
"""
_PUT = """
INSERT INTO rows (id, at, version, line) VALUES (?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET at = excluded.at, version = excluded.version, line = excluded.line
WHERE excluded.version >= rows.version
"""


class SpoolRow(NamedTuple):
    """A row as it stands in the file: `at` orders it, the later `version` of an id stays."""

    id: int
    at: str
    version: str
    line: bytes


class SpoolTorn(StorageError):
    """What is there is no spool, or is damaged.  Its rows can be asked for again: begin anew."""


class Spool:
    """A file beside the pool; one writer at a time."""

    def __init__(self, path: Path) -> None:
        """SpoolTorn where something else is there, StorageError where the disk refuses."""
        self._path = path
        make_folder(path.parent)
        try:
            check_plain(path, begin=True)
        except OSError as error:
            raise self._fault("opened", error.strerror or "it is refused") from error
        with self._translated_faults("opened"), ExitStack() as failed:
            self._db, _ = opened(path, 20)
            failed.callback(self._db.close)  # what is left open could hold a lock
            self._db.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            # a power cut may lose the last windows, never half of one: they are asked for again
            self._db.execute("PRAGMA synchronous=NORMAL")
            if self._db.execute("PRAGMA user_version").fetchone()[0] != FORM:
                self._db.executescript(f"BEGIN;{_TABLES}PRAGMA user_version={FORM};COMMIT")
            failed.pop_all()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is SpoolTorn:  # or every later attempt would meet it again
            self.remove()
        self.close()

    def close(self) -> None:
        """Let go of it; a window that was not ended is void."""
        self._db.close()

    def mark(self) -> str:
        """Where to go on: what the last window left; '' at the start."""
        with self._translated_faults("read"):
            found = self._db.execute("SELECT mark FROM mark").fetchone()
            return str(found[0]) if found else ""

    def begin(self) -> None:
        """Begin a window, or begin it anew: what came of it so far is void."""
        with self._translated_faults("written"):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._db.execute("BEGIN IMMEDIATE")

    def put(self, rows: Iterable[SpoolRow]) -> None:
        """Some rows of the window that was begun."""
        coming = iter(rows)
        while batch := list(islice(coming, BATCH)):
            with self._translated_faults("written"):
                self._db.executemany(_PUT, batch)

    def end(self, mark: str) -> None:
        """The window is whole; `mark` is where to go on."""
        with self._translated_faults("written"):
            self._db.execute("DELETE FROM mark")
            self._db.execute("INSERT INTO mark VALUES (?)", (mark,))
            self._db.execute("COMMIT")

    def __len__(self) -> int:
        with self._translated_faults("read"):
            return int(self._db.execute("SELECT COUNT(*) FROM rows").fetchone()[0])

    def stamps(self) -> Iterator[tuple[int, str]]:
        """Id and time of each row."""
        return self._all("SELECT id, at FROM rows ORDER BY id")

    def lines(self, ids: tuple[int, int] = EVERY) -> Iterator[bytes]:
        """Each row once whose id lies within these two, by time and then by id."""
        words = "SELECT line FROM rows WHERE id BETWEEN ? AND ? ORDER BY at, id"
        return (line for (line,) in self._all(words, *ids))

    def rows(self) -> Iterator[SpoolRow]:
        """Every row once, in the order of ids."""
        found = self._all("SELECT id, at, version, line FROM rows ORDER BY id")
        return map(SpoolRow._make, found)

    def _all(self, words: str, *given: int) -> Iterator[Any]:
        with self._translated_faults("read"), closing(self._db.cursor()) as cursor:
            yield from cursor.execute(words, given)

    def write(self, path: Path, header: bytes, ids: tuple[int, int] = EVERY) -> FileFacts:
        """Write header and rows into a file, which has its name when it is whole."""
        known = _Counted()
        disk = FolderDisk(path.parent)
        pieces = known.pieces(chain([header], self.lines(ids)))
        disk.publish(disk.stage(path.name, pieces), path.name)
        return FileFacts(known.size, known.digest.hexdigest(), known.lines - 1)

    def remove(self) -> None:
        """Close it and leave nothing of it."""
        self.close()
        remove_spool(self._path)

    @contextmanager
    def _translated_faults(self, done: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:  # what breaks where rows come from is not ours to tell
            torn = getattr(error, "sqlite_errorname", "").startswith(TORN)
            raise self._fault(done, _why(error), SpoolTorn if torn else StorageError) from error

    def _fault(self, done: str, why: str, kind: type[StorageError] = StorageError) -> StorageError:
        return kind(
            f"{self._path}: it cannot be {done}: {why}. Nothing was exported from it yet, and no "
            "file that stood before is touched"
        )


def remove_spool(path: Path) -> None:
    """Leave none of a spool's files, whether it was closed or left by a killed child."""
    disk = FolderDisk(path.parent)
    for ending in ("", "-wal", "-shm", "-journal"):
        disk.remove(path.name + ending)


def _why(error: sqlite3.Error) -> str:
    """What SQLite found, in words; its own could show a row."""
    name = getattr(error, "sqlite_errorname", "") or type(error).__name__
    return next((words for start, words in WORDS if name.startswith(start)), name)


class _Counted:
    """What passes on its way into a file."""

    def __init__(self) -> None:
        self.digest, self.size, self.lines = sha256(), 0, 0

    def pieces(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        """The lines, many at a time."""
        while batch := list(islice(lines, BATCH)):
            piece = b"".join(batch)
            self.digest.update(piece)
            self.size += len(piece)
            self.lines += len(batch)
            yield piece
