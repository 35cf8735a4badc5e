"""One round at a time for a pool: a lock of the system's that dies with whoever holds it.

A lock hangs on a file and not on its name, so whoever removes the file lets a second one in: the
holder looks at the name again before whatever it writes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mtdata.core.disk import make_folder
from mtdata.core.errors import BusyError, StorageError
from mtdata.core.pool_files import LOCK
from mtdata.core.reach import AT_ONCE, MODE, NO_FILE, is_plain

BUSY = (
    "another round has this pool; nothing was done. It goes on by itself when the other one ends."
)
DISK = "It has to lie on a disk that has locks (some network disks have none), and be ours"
LOST = (
    "the file of the lock was removed or replaced while this round ran, so another may have the "
    "pool now; this one ends here. What it committed is safe, and the next round goes on from there"
)


HELD = frozenset({errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK})
"""What a lock that somebody has is refused for."""


class HeldLock:
    """A lock in hand."""

    def __init__(self, path: Path, own: os.stat_result) -> None:
        """`own` is that of the locked file itself, whatever stands under its name."""
        self._path, self._own = path, own

    def prove(self) -> None:
        """BusyError when the name is not that of the locked file any more.

        StorageError where that cannot be seen.
        """
        try:
            if os.path.samestat(os.stat(self._path, follow_symlinks=False), self._own):
                return
        except FileNotFoundError:
            pass
        except OSError as error:
            told = f"{self._path}: cannot look at the lock: {error.strerror}"
            raise StorageError(told) from error
        raise BusyError(f"{self._path}: {LOST}")


_open: set[int] = set()
"""The files of all locks in hand."""


def _close_all() -> None:
    """In the child of a fork: what it kept open would keep the lock beyond our end."""
    for file in _open:
        with suppress(OSError):
            os.close(file)
    _open.clear()


os.register_at_fork(after_in_child=_close_all)


class PoolLock:
    """Port Lock over a file `.lock` in the pool; the file may stay, only the lock counts."""

    def __init__(self, pool: Path, busy: str = BUSY) -> None:
        """`busy` is said, behind the folder, when somebody else holds it."""
        self._path, self._busy = pool / LOCK, busy

    @contextmanager
    def hold(self) -> Iterator[HeldLock]:
        """Port: Lock.hold."""
        make_folder(self._path.parent)
        with self._opened() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in HELD:
                    raise BusyError(f"{self._path.parent}: {self._busy}") from None
                raise self._fault(error) from error
            held = HeldLock(self._path, self._stat_of(file))
            held.prove()  # it may have been removed between the two
            try:
                yield held
            finally:
                with suppress(OSError):  # it ends with the file
                    fcntl.flock(file, fcntl.LOCK_UN)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            if not is_plain(self._path):
                raise StorageError(f"{self._path}: cannot lock: {NO_FILE}")
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | AT_ONCE, MODE)
        except OSError as error:
            raise self._fault(error) from error
        _open.add(file)
        try:
            if not stat.S_ISREG(self._stat_of(file).st_mode):
                raise StorageError(f"{self._path}: cannot lock: {NO_FILE}")
            yield file
        finally:
            _open.discard(file)
            os.close(file)

    def _stat_of(self, file: int) -> os.stat_result:
        """What the system says of the file that is open, whatever stands under its name."""
        try:
            return os.fstat(file)
        except OSError as error:  # as of one on a network disk that is gone
            raise self._fault(error) from error

    def _fault(self, error: OSError) -> StorageError:
        told = f"{self._path}: cannot lock: {error.strerror}. Nothing was done. {DISK}"
        return StorageError(told)
