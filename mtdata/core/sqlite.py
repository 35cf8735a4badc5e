"""A ledger in one SQLite file: how it is opened and how a transaction ends; it knows no table.

Which tables, in which format, and what their cells may say, is the `Schema` that is handed in.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from secrets import token_bytes
from typing import Any, NamedTuple

from mtdata.core.cells import Cells, OddCell
from mtdata.core.disk import make_folder
from mtdata.core.errors import BusyError, StorageError
from mtdata.core.journal import check_beside, opened
from mtdata.core.reach import FULL, DiskFull
from mtdata.core.remembered import RememberedAnswers, stamp_of

FENCED = (
    "another round took this pool while this one ran; this one ends here and commits nothing more. "
    "What it committed is safe, and the next round goes on from there"
)
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
MAX_INTEGER = 2**63 - 1
LOOK_KB, WORK_KB = 256, 512
"""Memory for pages where one only looks, and for who writes.

Of the usual 2 MB the C library keeps, for each thread, what a ledger that grows ever filled.
"""
TURN = "CREATE TABLE IF NOT EXISTS turn (only_one INTEGER PRIMARY KEY, token BLOB NOT NULL)"
"""Whose turn it is to write what follows from the files; older programs pass it by."""


class Schema(NamedTuple):
    """The tables of a ledger, and how those of an older program become them."""

    format: int
    """PRAGMA user_version of what this program writes."""
    tables: str
    newer: Mapping[int, str]
    """What makes a ledger of that format one of the next."""
    cells: Cells
    """What a cell of each column may hold."""
    working: str = ""
    """Tables that no disk keeps; who only looks has none."""
    astray: tuple[str, ...] = ()
    """`table WHERE …`: rows that name something which the ledger does not know."""
    mended_by: str = ""
    """What a person does when the file is damaged; said behind the fault."""
    functions: Mapping[str, Callable[..., str]] = {}
    """What scripts of `newer` call beside SQLite's own, by name."""
    looked_into: int = 0
    """The oldest format that one who only looks need not make newer first; 0 for none."""


class LedgerNewer(StorageError):
    """The ledger is that of a newer program, which alone can go on with it; it is left alone."""


class LedgerDatabase:
    """One SQLite connection; every commit is durable when it returns (synchronous FULL)."""

    def __init__(self, path: Path | None, schema: Schema, *, only_look: bool = False) -> None:
        """Tables of an older program are made newer, unless we `only_look` and can without."""
        self._path, self._schema, self._only_look = path, schema, only_look
        self._cells = schema.cells
        self._prove: Callable[[], None] | None = None
        self._token = b""
        self._answers = RememberedAnswers()
        self.journal, self.format = "memory", 0
        with self.translated_faults(FOREIGN):
            self._db = self._open()

    def _open(self) -> sqlite3.Connection:
        if self._path is None:
            db = sqlite3.connect(":memory:", isolation_level=None)
        else:
            db = self._open_file(self._path)
        with ExitStack() as failed:
            failed.callback(db.close)  # what is left open could hold a lock
            db.execute("PRAGMA synchronous=FULL")
            db.execute(f"PRAGMA cache_size=-{LOOK_KB if self._only_look else WORK_KB}")
            for name, act in self._schema.functions.items():
                db.create_function(name, -1, act, deterministic=True)
            self._make_tables(db)
            if not self._only_look:
                db.executescript(self._schema.working)
            failed.pop_all()
        return db

    def _open_file(self, path: Path) -> sqlite3.Connection:
        make_folder(path.parent)
        check_beside(path, begin=True)
        db, self.journal = opened(path, 30, self._judge)
        return db

    def _judge(self, db: sqlite3.Connection) -> None:
        """Refuse by an error what is there, before anything of the file is changed."""
        self._refuse_newer(db)

    def _refuse_newer(self, db: sqlite3.Connection) -> None:
        if (version := format_of(db)) > (ours := self._schema.format):
            raise LedgerNewer(
                f"{self._path}: the ledger has format {version}, this program writes {ours}; "
                "use the program that made it. Nothing was changed."
            )

    def _make_tables(self, db: sqlite3.Connection) -> None:
        """Make the tables, or those of an older program into ours, all in one transaction."""
        ours = self._schema.format
        while (version := format_of(db)) != ours:
            if self._only_look and 0 < self._schema.looked_into <= version < ours:
                break
            self._refuse_newer(db)
            script = self._schema.newer[version] if version else self._schema.tables
            after = version + 1 if version else ours
            try:
                db.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version={after}; COMMIT;")
            except sqlite3.OperationalError:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                if format_of(db) == version:  # else another process did it in the meantime
                    raise
        self.format = version

    @contextmanager
    def translated_faults(self, kinds: tuple[type[Exception], ...] = REFUSED) -> Iterator[None]:
        """Translate the database's refusals; the last commit stays what it was.

        StorageError or BusyError for each.
        """
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # a fault of this program: there is nothing wrong with disk and file
        except kinds as error:
            kind = DiskFull if _is_full(error) else StorageError
            raise kind(
                f"{self._path}: the ledger cannot be used: {_reason_of(error)}. What was committed "
                "before is safe; nothing is deleted on the site without the ledger."
                f"{'' if _is_refusal(error) else self._schema.mended_by}"
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
        with self.translated_faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._fence()
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                    self._answers.forget()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Group statements on the working tables, which no disk keeps."""
        with self.translated_faults():
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("COMMIT")

    def run(self, sql: str, *values: Any) -> int:
        """Execute one statement and return how many rows it changed."""
        with self.translated_faults():
            return self._db.execute(sql, values).rowcount

    def run_many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Execute one statement for many rows."""
        with self.translated_faults():
            self._db.executemany(sql, rows)

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Every row; only for answers of bounded size."""
        with self.translated_faults(FOREIGN):
            cursor = self._db.execute(sql, values)
            return self._checked(cursor, cursor.fetchall())

    def remembered(self, sql: str, *values: Any) -> Sequence[tuple[Any, ...]]:
        """The rows of `all`, for small answers that a round asks for again and again."""
        with self.translated_faults(FOREIGN):
            return self._answers.give(self._db, (sql, *values), partial(self.all, sql, *values))

    def stamp(self) -> tuple[int, int]:
        """Another one once anybody has written; it is this connection's own."""
        with self.translated_faults(FOREIGN):
            return stamp_of(self._db)

    def row(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row of the answer, or None."""
        with self.translated_faults(FOREIGN):
            cursor = self._db.execute(sql, values)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return None if row is None else self._checked(cursor, [row])[0]

    def is_sound(self) -> bool:
        """Whether SQLite finds its file well, each cell can be read, and nothing is astray."""
        try:
            with self.translated_faults(FOREIGN):
                if self._db.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
                    return False
                for table in re.findall(r"CREATE TABLE (\w+)", self._schema.tables):
                    cursor = self._db.execute(f"SELECT * FROM {table}")
                    while rows := cursor.fetchmany(PAGE):
                        self._checked(cursor, rows)
                astray = self._schema.astray
                return not any(self.row(f"SELECT 1 FROM {where} LIMIT 1") for where in astray)
        except StorageError:
            return False

    def _checked(
        self, cursor: sqlite3.Cursor, rows: list[tuple[Any, ...]]
    ) -> list[tuple[Any, ...]]:
        """The rows of an answer: the one border where cells of the file become values of ours."""
        self._cells.check([described[0] for described in cursor.description or ()], rows)
        return rows

    def close(self) -> None:
        """Leave the file as it is; a later one opens it again."""
        self._db.close()


def format_of(db: sqlite3.Connection) -> int:
    """The number of the format that the program wrote into the file; 0 for a new one."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _is_refusal(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, OSError) if code is None else code & 0xFF in REFUSALS


def _is_full(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in FULL


def _reason_of(error: BaseException) -> str:
    """What was wrong; an exception of decoding could quote the cell, and is named by its sort."""
    if isinstance(error, (sqlite3.Error, OSError, OddCell)):
        return str(error)
    return f"it holds what cannot be read ({type(error).__name__})"


def question_marks(values: Sequence[object]) -> str:
    """A place for each of these values in a statement."""
    return ", ".join("?" * len(values))
