"""Where a large body lies while its request lasts: a file without a name; it asks nobody who sends.

Few at once, fewer of one user, and all together no more than fit: what was taken is given back when
the request ends, however it ends, and a file without a name ends with its process.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from waitress.buffers import FileBasedBuffer

from mtdata.core.disk import make_folder

AT_ONCE, OF_ONE = 6, 2
LEFT_FREE = 64 << 20
"""Bytes of the disk that the records and the pools keep for themselves."""


class SpoolFull(Exception):
    """There is no place for one more, in words; `is_own` where who asks has too many already."""

    def __init__(self, words: str, *, is_own: bool = False) -> None:
        super().__init__(words)
        self.is_own = is_own


class SpooledBody(FileBasedBuffer):
    """One body, as the server lays down what it receives."""

    def __init__(self, folder: Path, give_back: Callable[[], None]) -> None:
        """OSError where the file cannot be made."""
        self._give_back: Callable[[], None] | None = give_back
        super().__init__(tempfile.TemporaryFile("w+b", buffering=0, dir=folder))  # noqa: SIM115

    def append(self, s: bytes) -> None:
        """Write it behind the rest.  OSError, so that nothing waits unwritten for the end."""
        rest = memoryview(s)
        while rest:
            rest = rest[self.file.write(rest) :]
        self.remain += len(s)

    def getfile(self) -> Any:
        """All of it, from its beginning."""
        self.file.seek(0)
        return self.file

    def close(self) -> None:
        """It is gone, and its place is free."""
        super().close()
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()


class UploadSpool:
    """The bodies that lie in one folder."""

    def __init__(self, folder: Path, most_bytes: int, left_free: int = LEFT_FREE) -> None:
        """`most_bytes`: of all together."""
        self._folder, self._most, self._left_free = folder, most_bytes, left_free
        self._lock = threading.Lock()
        self._sizes: list[int] = []
        self._users: Counter[Any] = Counter()

    @property
    def sizes(self) -> list[int]:
        """The bytes that are promised, of each body."""
        return list(self._sizes)

    def reserve(self, user: Any, size: int) -> SpooledBody:
        """A place for a body of so many bytes or less.

        SpoolFull; StorageError or OSError where the folder or the file cannot be made.
        """
        make_folder(self._folder)
        self._enter(user, size)
        try:
            return SpooledBody(self._folder, lambda: self._leave(user, size))
        except OSError:
            self._leave(user, size)
            raise

    def _enter(self, user: Any, size: int) -> None:
        with self._lock:
            if self._users[user] >= OF_ONE:
                raise SpoolFull("uploads of yours are under way", is_own=True)
            if len(self._sizes) >= AT_ONCE or sum(self._sizes) + size > self._most:
                raise SpoolFull("other uploads are under way")
            # what is promised may not be written yet
            wanted = sum(self._sizes) + size + self._left_free
            if shutil.disk_usage(self._folder).free < wanted:
                raise SpoolFull("the disk has no room for it")
            self._sizes.append(size)
            self._users[user] += 1

    def _leave(self, user: Any, size: int) -> None:
        with self._lock:
            self._sizes.remove(size)
            self._users[user] -= 1
            if not self._users[user]:
                del self._users[user]
