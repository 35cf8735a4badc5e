"""The ledger's database: how it is opened and how a transaction ends; it knows no tables' use."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from secrets import token_bytes
from typing import Any

from mtdata.core.cells import Cells, OddCell
from mtdata.core.disk import make_folder
from mtdata.core.errors import BusyError, StorageError
from mtdata.core.journal import opened
from mtdata.core.reach import check_plain, is_plain
from mtdata.study.ledger.schema import ASTRAY, NEWER, SCHEMA, TABLES, TURN, WORKING

FENCED = (
    "another round took this pool while this one ran; this one ends here and commits nothing more. "
    "What it committed is safe, and the next round goes on from there"
)
REBUILD = " `mtdata verify SITE --rebuild-ledger` makes it again from the files of the pool."
CELLS = Cells(TABLES)
REFUSED = (sqlite3.Error, OSError, UnicodeError, MemoryError)
"""What SQLite may throw; UnicodeError where the text of its own message is damaged."""
FOREIGN = (*REFUSED, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError)
"""What reading a ledger may throw that is not as we left it: text, JSON, dates, numbers."""
REFUSALS = frozenset(
    (
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    )
)
"""What disk and system refuse: making the ledger again would mend nothing of it."""
PAGE = 1024
BESIDE = ("", "-wal", "-shm", "-journal")
"""Endings of the files that SQLite opens."""


class LedgerNewer(StorageError):
    """The ledger is that of a newer program, which alone can go on with it; it is left alone."""


class Connection:
    """One SQLite connection; every commit is durable when it returns (synchronous FULL)."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._prove: Callable[[], None] | None = None
        self._token = b""
        self.journal = "memory"
        with self.told(FOREIGN):
            self._db = self._open()

    def _open(self) -> sqlite3.Connection:
        if self._path is None:
            db = sqlite3.connect(":memory:", isolation_level=None)
        else:
            make_folder(self._path.parent)
            for ending in BESIDE:
                check_plain(self._path.with_name(self._path.name + ending), begin=not ending)
            db, self.journal = opened(self._path, 30)
        with ExitStack() as failed:
            failed.callback(db.close)  # what is left open could hold a lock
            db.execute("PRAGMA synchronous=FULL")
            self._make_tables(db)
            db.executescript(WORKING)
            failed.pop_all()
        return db

    def _make_tables(self, db: sqlite3.Connection) -> None:
        """Make the tables, or those of an older program into ours, all in one transaction."""
        while (version := _format_of(db)) != SCHEMA:
            if version > SCHEMA:
                raise LedgerNewer(
                    f"{self._path}: the ledger has format {version}, this program writes {SCHEMA}; "
                    "use the program that made it. Nothing was changed."
                )
            script = NEWER[version] if version else TABLES
            after = version + 1 if version else SCHEMA
            try:
                db.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version={after}; COMMIT;")
            except sqlite3.OperationalError:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                if _format_of(db) == version:  # else another process did it in the meantime
                    raise

    @contextmanager
    def told(self, kinds: tuple[type[Exception], ...] = REFUSED) -> Iterator[None]:
        """Translate the database's refusals; the last commit stays what it was."""
        try:
            yield
        except kinds as error:
            raise StorageError(
                f"{self._path}: the ledger cannot be used: {_words_of(error)}. What was committed "
                "before is safe; nothing is deleted on the site without the ledger."
                f"{'' if _is_refusal(error) else REBUILD}"
            ) from error

    def take_turn(self, prove: Callable[[], None]) -> None:
        """Let this connection be the only one that works on the pool, from its next commit on.

        `prove` raises when the lock of the pool is lost.  Whoever had the turn before commits
        nothing more.
        """
        self._prove = prove

    def _fence(self) -> None:
        """Inside a transaction: BusyError unless the turn is ours still; the first takes it."""
        if self._prove is None:
            return
        self._prove()
        if not self._token:
            self._token = token_bytes(16)
            self._db.execute(TURN)
            self._db.execute("INSERT OR REPLACE INTO turn VALUES (1, ?)", (self._token,))
        elif self._db.execute("SELECT token FROM turn").fetchone() != (self._token,):
            raise BusyError(f"{self._path}: {FENCED}")

    @contextmanager
    def commit(self) -> Iterator[None]:
        """All or nothing: what is executed within is durable when this ends.

        BusyError when another has the turn by now.
        """
        with self.told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._fence()
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def working(self) -> Iterator[None]:
        """Group statements on the working tables, which no disk keeps."""
        with self.told():
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("COMMIT")

    def run(self, sql: str, *values: Any) -> int:
        """Execute one statement and return how many rows it changed."""
        with self.told():
            return self._db.execute(sql, values).rowcount

    def run_many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Execute one statement for many rows."""
        with self.told():
            self._db.executemany(sql, rows)

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Every row; only for answers of bounded size."""
        with self.told(FOREIGN):
            cursor = self._db.execute(sql, values)
            return _checked(cursor, cursor.fetchall())

    def one(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row."""
        with self.told(FOREIGN):
            cursor = self._db.execute(sql, values)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return None if row is None else _checked(cursor, [row])[0]

    def is_sound(self) -> bool:
        """Whether SQLite finds its file well, each cell can be read, and nothing is astray."""
        try:
            with self.told(FOREIGN):
                if self._db.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
                    return False
                for table in re.findall(r"CREATE TABLE (\w+)", TABLES):
                    cursor = self._db.execute(f"SELECT * FROM {table}")
                    while rows := cursor.fetchmany(PAGE):
                        _checked(cursor, rows)
                return not any(self.one(f"SELECT 1 FROM {where} LIMIT 1") for where in ASTRAY)
        except StorageError:
            return False

    def close(self) -> None:
        """Leave the file as it is; a later one opens it again."""
        self._db.close()


def knows_nothing(path: Path) -> bool:
    """Whether no file is entered in that ledger, be it empty or without our tables.

    One that cannot be read, is no file, or a newer program's, is told when it is opened, and False
    here.
    """
    if not is_plain(path):
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            if _format_of(db) > SCHEMA:
                return False
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'files'").fetchone() is None:
                return True
            return db.execute("SELECT 1 FROM files LIMIT 1").fetchone() is None
    except FOREIGN:
        return False


def _format_of(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _checked(cursor: sqlite3.Cursor, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows of an answer: the one border where cells of the ledger become values of ours."""
    CELLS.check([described[0] for described in cursor.description or ()], rows)
    return rows


def _is_refusal(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, OSError) if code is None else code & 0xFF in REFUSALS


def _words_of(error: BaseException) -> str:
    """What was wrong; an exception of decoding could quote the cell, and is named by its sort."""
    if isinstance(error, (sqlite3.Error, OSError, OddCell)):
        return str(error)
    return f"it holds what cannot be read ({type(error).__name__})"
