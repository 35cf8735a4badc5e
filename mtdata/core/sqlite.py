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
from typing import Any, NamedTuple

from mtdata.core.cells import Cells
from mtdata.core.disk import make_folder
from mtdata.core.errors import StorageError
from mtdata.core.journal import check_beside, opened
from mtdata.core.reach import DiskFull
from mtdata.core.refusals import FOREIGN, REFUSED, InWords, is_full, is_refusal, reason_of
from mtdata.core.remembered import RememberedAnswers, stamp_of
from mtdata.core.turn import PoolTurn

PAGE = 1024
MAX_INTEGER = 2**63 - 1
LOOK_KB, WORK_KB = 256, 512
"""Memory for pages where one only looks, and for who writes.

Of the usual 2 MB the C library keeps, for each thread, what a ledger that grows ever filled.
"""

NOT_SEEN = -1
"""Stands for what others did while nobody has looked yet."""


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
        self._turn: PoolTurn | None = None
        self._answers = RememberedAnswers()
        self._others_at: int | None = None  # what others did up to the moment that we look at
        self.journal, self.format = "memory", 0
        with self._reading:
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
        self._refuse_newer(format_of(db))

    def _refuse_newer(self, version: int) -> None:
        self.format = version
        if version > (ours := self._schema.format):
            raise LedgerNewer(
                f"{self._path}: the ledger has format {version}, this program writes {ours}; "
                "use the program that made it. Nothing was changed."
            )

    def _make_tables(self, db: sqlite3.Connection) -> None:
        """Make the tables, or those of an older program into ours, all in one transaction."""
        ours = self._schema.format
        version = self.format or format_of(db)  # it was just asked where there is a file
        while version != ours:
            if self._only_look and 0 < self._schema.looked_into <= version < ours:
                break
            self._refuse_newer(version)
            script = self._schema.newer[version] if version else self._schema.tables
            after = version + 1 if version else ours
            try:
                db.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version={after}; COMMIT;")
            except sqlite3.OperationalError:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                if format_of(db) == version:  # else another process did it in the meantime
                    raise
            version = format_of(db)
        self.format = version

    @property
    def _refusing(self) -> InWords:
        return InWords(self.in_words, REFUSED)

    @property
    def _reading(self) -> InWords:
        return InWords(self.in_words, FOREIGN)

    def in_words(self, error: Exception) -> StorageError:
        """What the database refused; the last commit stays what it was."""
        kind = DiskFull if is_full(error) else StorageError
        return kind(
            f"{self._path}: the ledger cannot be used: {reason_of(error)}. What was committed "
            "before is safe; nothing is deleted on the site without the ledger."
            f"{'' if is_refusal(error) else self._schema.mended_by}"
        )

    def take_turn(self, prove: Callable[[], None]) -> None:
        """Let this connection be the only one that works on the pool, from its next commit on.

        `prove` raises when the lock of the pool is lost.  Whoever had the turn before commits
        nothing more.
        """
        self._turn = PoolTurn(prove)

    @contextmanager
    def commit(self) -> Iterator[None]:
        """All or nothing: what is executed within is durable when this ends.

        BusyError when another has the turn by now.
        """
        with self._refusing:
            self._leave_moment()
            self._db.execute("BEGIN IMMEDIATE")
            try:
                if self._turn:
                    self._turn.prove(self._db, self._path)
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._answers.forget()  # also where SQLite itself took all back: a full disk
                raise
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def working(self) -> Iterator[None]:
        """Group statements on the working tables, which no disk keeps."""
        with self._refusing:
            self._leave_moment()
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                if self._db.in_transaction:  # else a fault ended it, which is what has to be told
                    self._db.execute("COMMIT")

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """What is asked within is of one moment, up to the first change that we make.

        So nobody need be asked whether what is remembered still holds.  Others go on writing, which
        they could not without a WAL: there it is of several moments.
        """
        try:
            if self.journal == "wal" and not self._db.in_transaction:
                with self._refusing:
                    self._others_at = NOT_SEEN  # it is left though it may not have been seen
                    self._db.execute("BEGIN")
                    self._others_at = stamp_of(self._db)[0]
            yield
        finally:
            with self._refusing:
                self._leave_moment()

    def _leave_moment(self) -> None:
        if self._others_at is not None:
            self._others_at = None
            if self._db.in_transaction:  # a fault may have ended it
                self._db.execute("COMMIT")

    def run(self, sql: str, *values: Any) -> int:
        """Execute one statement and return how many rows it changed."""
        with self._refusing:
            self._leave_moment()
            return self._db.execute(sql, values).rowcount

    def run_many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Execute one statement for many rows."""
        with self._refusing:
            self._leave_moment()
            self._db.executemany(sql, rows)

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Every row; only for answers of bounded size."""
        with self._reading:
            cursor = self._db.execute(sql, values)
            return self._checked(cursor, cursor.fetchall())

    def remembered(self, sql: str, *values: Any) -> Sequence[tuple[Any, ...]]:
        """The rows of `all`, for small answers that a round asks for again and again."""
        with self._reading:
            return self._answers.give(
                self._stamp(), (sql, *values), partial(self.all, sql, *values)
            )

    def stamp(self) -> tuple[int, int]:
        """Another one once anybody has written; it is this connection's own."""
        with self._reading:
            return self._stamp()

    def _stamp(self) -> tuple[int, int]:
        if self._others_at is None:
            return stamp_of(self._db)
        return self._others_at, self._db.total_changes

    def row(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row of the answer, or None."""
        with self._reading:
            cursor = self._db.execute(sql, values)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return None if row is None else self._checked(cursor, [row])[0]

    def is_sound(self) -> bool:
        """Whether SQLite finds its file well, each cell can be read, and nothing is astray."""
        try:
            with self._reading:
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


def question_marks(values: Sequence[object]) -> str:
    """A place for each of these values in a statement."""
    return ", ".join("?" * len(values))
