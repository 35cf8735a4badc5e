"""One round at a time for a pool: a lock of the system's that dies with whoever holds it.

A lock hangs on a file and not on its name, so whoever removes the file lets a second one in: the
holder looks at the name again before whatever it writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mtdata.core.disk import make_folder
from mtdata.core.errors import BusyError, StorageError
from mtdata.core.pool_files import LOCK
from mtdata.core.reach import NO_FILE, is_plain

BUSY = (
    "another round has this pool; nothing was done. It goes on by itself when the other one ends."
)
DISK = "It has to lie on a disk that has locks (some network disks have none), and be ours"
LOST = (
    "the file of the lock was removed or replaced while this round ran, so another may have the "
    "pool now; this one ends here. What it committed is safe, and the next round goes on from there"
)


class HeldLock:
    """A lock in hand."""

    def __init__(self, path: Path) -> None:
        self._path, self._own = path, _identity(path)

    def prove(self) -> None:
        """BusyError when the name is not that of the locked file any more."""
        if self._own is None or _identity(self._path) != self._own:
            raise BusyError(f"{self._path}: {LOST}")


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells the file under that name from any other; None where there is none."""
    try:
        found = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{path}: cannot look at the lock: {error.strerror}") from error
    return found.st_dev, found.st_ino


class PoolLock:
    """Port Lock over a file `.lock` in the pool; the file may stay, only the lock counts."""

    def __init__(self, pool: Path, busy: str = BUSY) -> None:
        """`busy` is said, behind the folder, when somebody else holds it."""
        self._path, self._busy = pool / LOCK, busy

    @contextmanager
    def hold(self) -> Iterator[HeldLock]:
        """Port: Lock.hold."""
        make_folder(self._path.parent)
        # no marker in its stead where the disk has no locks: it would outlive whoever made it
        lock = FileLock(self._path, mode=0o600, fallback_to_soft=False)
        try:
            if not is_plain(self._path):
                raise StorageError(f"{self._path}: cannot lock: {NO_FILE}")
            lock.acquire(timeout=0)
        except Timeout:
            raise BusyError(f"{self._path.parent}: {self._busy}") from None
        except OSError as error:
            raise StorageError(
                f"{self._path}: cannot lock: {error.strerror}. Nothing was done. {DISK}"
            ) from error
        try:
            yield HeldLock(self._path)
        finally:
            lock.release()
