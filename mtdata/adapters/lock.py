"""One round at a time for a pool: a lock of the system's that dies with whoever holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mtdata.adapters.durable import make_folder
from mtdata.adapters.reach import NO_FILE, is_plain
from mtdata.errors import BusyError, StorageError

BUSY = (
    "another round has this pool; nothing was done. It goes on by itself when the other one ends."
)
DISK = "It has to lie on a disk that has locks (some network disks have none), and be ours"


class PoolLock:
    """Port Lock over a file `.lock` in the pool; the file may stay, only the lock counts."""

    def __init__(self, pool: Path, busy: str = BUSY) -> None:
        """`busy` is said, behind the folder, when somebody else holds it."""
        self._path, self._busy = pool / ".lock", busy

    @contextmanager
    def hold(self) -> Iterator[None]:
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
            yield
        finally:
            lock.release()
