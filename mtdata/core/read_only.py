"""A ledger opened to be read alone: nothing is written to it, and no round waits for it.

Where nobody has it open, its file is read as it lies, without a lock and without a file beside it;
whoever asks has to see afterwards that it did not change meanwhile.  Where somebody has it open,
SQLite's own reader sees one moment of it.  Nothing here opens a file by itself: to close one would
take away the locks that this very process has on it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from mtdata.core.errors import StorageError
from mtdata.core.journal import check_beside
from mtdata.core.sqlite import LedgerDatabase, Schema, format_of

PATIENCE_S = 30.0


class LedgerMoved(StorageError):
    """The ledger was changed while it was read as it lay: what was read counts for nothing."""


class DatabaseState(NamedTuple):
    """What shows that a database was changed, or that somebody has it open; sizes in bytes."""

    inode: int
    size: int
    changed_ns: int
    wal: int | None
    """None where there is none."""
    journal: int

    @property
    def is_at_rest(self) -> bool:
        """Whether nobody writes it, and all that was committed stands in the file itself."""
        return self.wal is None and not self.journal


def database_state(path: Path) -> DatabaseState:
    """The state of a database's file now; OSError where there is none."""
    found = os.stat(path)
    journal = _size_beside(path, "-journal") or 0
    wal = _size_beside(path, "-wal")
    return DatabaseState(found.st_ino, found.st_size, found.st_mtime_ns, wal, journal)


def _size_beside(path: Path, ending: str) -> int | None:
    with suppress(FileNotFoundError):
        return os.stat(path.with_name(path.name + ending)).st_size
    return None


class ReadOnlyDatabase(LedgerDatabase):
    """One SQLite connection that cannot write.

    StorageError for a ledger that has to be made newer first.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        """The file has to be there."""
        self._at_rest: DatabaseState | None = None
        super().__init__(path, schema, only_look=True)

    def _open_file(self, path: Path) -> sqlite3.Connection:
        check_beside(path, begin=False)
        state = database_state(path)
        self._at_rest = state if state.is_at_rest else None
        how = "mode=ro&immutable=1" if state.is_at_rest else "mode=ro"
        address = f"{path.absolute().as_uri()}?{how}"
        return sqlite3.connect(address, uri=True, timeout=PATIENCE_S, isolation_level=None)

    def _make_tables(self, db: sqlite3.Connection) -> None:
        version, oldest = format_of(db), self._schema.looked_into or self._schema.format
        if version < oldest:
            raise StorageError(
                f"{self._path}: the ledger is of an older program (format {version}); nothing was "
                "read or changed. `mtdata status` makes it newer, then it can be read"
            )
        super()._make_tables(db)

    def in_words(self, error: Exception) -> StorageError:
        """LedgerMoved where it changed while it was read."""
        self._refuse_moved()
        return super().in_words(error)

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """What is asked within is of one moment, whatever is committed meanwhile.

        LedgerMoved where that cannot be: ask a connection that is opened anew.
        """
        with self._refusing:
            self._db.execute("BEGIN")
        try:
            yield
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        self._refuse_moved()

    def _refuse_moved(self) -> None:
        if self._path is not None and self._at_rest is not None:
            with suppress(FileNotFoundError):
                if database_state(self._path) == self._at_rest:
                    return
            raise LedgerMoved(f"{self._path}: it was changed while it was read; read it once more")
