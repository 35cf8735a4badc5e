"""How a SQLite file keeps its journal: as WAL, or as a rollback journal where WAL cannot be.

WAL needs memory that processes share by a file, which sshfs, 9p and some virtiofs do not have.  A
database that came from elsewhere is in WAL already, and is taken out of it there.
"""

from __future__ import annotations

import mmap
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from mtdata.core.disk import drop
from mtdata.core.mounts import file_system_of
from mtdata.core.reach import check_plain, open_plain

ROLLBACK = "truncate"
"""The rollback journal whose commit is durable by the sync of a file, without one of its folder."""
BESIDE = ("", "-wal", "-shm", "-journal")
"""Endings of the files that SQLite opens."""
LOGS = ("-wal", "-journal")
"""Those of them that hold what the database's own may lack, where they are not empty."""
PROBE, PAGE = ".shared", 4096
BUSY_S, PAUSE_S = 30.0, 0.02
NOT_SHARED = frozenset(
    (
        sqlite3.SQLITE_IOERR_SHMLOCK,
        sqlite3.SQLITE_IOERR_SHMMAP,
        sqlite3.SQLITE_IOERR_SHMOPEN,
        sqlite3.SQLITE_IOERR_SHMSIZE,
    )
)


def opened(
    path: Path, timeout_s: float, judge: Callable[[sqlite3.Connection], None] = lambda db: None
) -> tuple[sqlite3.Connection, str]:
    """A connection in autocommit, and the name of the journal that its file has.

    `judge` may refuse by an error, before anything of the file is changed.
    """
    db = sqlite3.connect(path, timeout=timeout_s, isolation_level=None)
    with ExitStack() as failed:
        failed.callback(db.close)  # what is left open could hold a lock
        try:
            judge(db)
            journal = settle(db, path)
        except sqlite3.OperationalError as error:
            if not is_unshared(error):
                raise
        else:
            failed.pop_all()
            return db, journal
    leave_wal(path)
    return opened(path, timeout_s, judge)


def settle(db: sqlite3.Connection, path: Path) -> str:
    """Give the file of this connection, just opened, the journal that it can have.

    WAL where it is one: so nobody who has it open meets another.  sqlite3.Error as it came; whoever
    gets one that `is_unshared` closes the connection, calls `leave_wal` and opens another.
    """
    journal = _journal(db)
    if journal == "wal":
        return journal
    return _changed(db, "=WAL" if can_share(path.parent) else f"={ROLLBACK}")


def is_unshared(error: BaseException) -> bool:
    """Whether it is in WAL where that cannot be."""
    return getattr(error, "sqlite_errorcode", None) in NOT_SHARED


def leave_wal(path: Path) -> None:
    """Bring all of its WAL into the file, by a connection that has it alone and shares nothing."""
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as db:
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA synchronous=FULL")
        if (found := _changed(db, f"={ROLLBACK}")) != ROLLBACK:
            raise sqlite3.OperationalError(f"its journal cannot be changed, and stays {found}")


def check_beside(path: Path, *, begin: bool) -> None:
    """StorageError unless each file that SQLite opens is a regular one, or not there yet.

    `begin`: the database's own is begun where it is not.
    """
    for ending in BESIDE:
        check_plain(f"{path}{ending}", begin=begin and not ending)


def can_share(folder: Path) -> bool:
    """Whether processes can share memory by a file there; True where that cannot be tried."""
    try:
        file = open_plain(folder, PROBE, os.O_RDWR | os.O_CREAT)
    except OSError:
        return True
    try:
        os.pwrite(file, bytes(PAGE), 0)
    except OSError:
        return True
    else:
        return _can_map(file)
    finally:
        os.close(file)
        drop(str(folder / PROBE))


def journal_advice(path: Path) -> str:
    """What to say of a file that keeps a rollback journal."""
    kind = file_system_of(path.parent) or "of a kind that the system does not tell"
    return (
        f"{path}: its file system ({kind}) cannot share memory between processes, so it keeps a "
        "rollback journal: as safe, but slower, and while a round commits, the page and `mtdata "
        "status` wait for it. On a local file system (ext4, XFS, APFS) they need not"
    )


def _can_map(file: int) -> bool:
    try:
        mmap.mmap(file, PAGE, mmap.MAP_SHARED).close()
    except OSError:
        return False
    return True


def _changed(db: sqlite3.Connection, wanted: str) -> str:
    """The journal after a change, for which SQLite waits for nobody, whatever the time limit.

    So whoever opens a new file in the same moment would be told that it is locked.
    """
    until = time.monotonic() + BUSY_S
    while True:
        try:
            return _journal(db, wanted)
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
        time.sleep(PAUSE_S)


def _journal(db: sqlite3.Connection, wanted: str = "") -> str:
    return str(db.execute(f"PRAGMA journal_mode{wanted}").fetchone()[0])
