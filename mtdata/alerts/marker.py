"""A file whose time says when something was last done: a full disk takes a time where no byte fits.

It is made while there is room, and never holds a byte; it never fails its caller.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from mtdata.core.disk import FolderDisk
from mtdata.core.errors import StorageError

log = logging.getLogger(__name__)


class Marker:
    """One file of a folder; what could not be entered there is known as long as this lives."""

    def __init__(self, disk: FolderDisk, name: str) -> None:
        self._disk, self._name = disk, name
        self._path = disk.root / name
        self._at: datetime | None = None

    def prepare(self) -> None:
        """Make the file, if it is not there; it says: never."""
        try:
            if self._disk.size(self._name) is None:
                self._disk.replace(self._name, b"")
                self._set(0)
        except StorageError as error:
            log.error("%s", error)

    def touch(self, at: datetime) -> None:
        """Enter that it was done."""
        self._at = at
        self._set(at.timestamp())

    def is_recent(self, now: datetime, span: timedelta) -> bool:
        """Whether it was done less than `span` ago."""
        last = self._at or self._read()
        return last is not None and timedelta() <= now - last < span

    def _read(self) -> datetime | None:
        with suppress(OSError):
            return datetime.fromtimestamp(os.stat(self._path).st_mtime, UTC)
        return None

    def _set(self, seconds: float) -> None:
        with suppress(OSError):
            os.utime(self._path, (seconds, seconds))
