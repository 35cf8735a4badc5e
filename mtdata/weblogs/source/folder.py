"""A folder as a bucket of web logs; it follows no link below the folder and opens files alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from mtdata.core.disk import FolderDisk
from mtdata.core.errors import ConfigError, StorageError
from mtdata.core.reach import open_folder, open_plain, reason_of
from mtdata.weblogs.source.port import LogObject
from mtdata.weblogs.source_errors import LogReplaced, LogSourceError, LogSourceRefused

_GONE = (FileNotFoundError, NotADirectoryError)
_SURELY_GONE = "is gone, or a link or folder stands in its place"


def _etag(found: os.stat_result) -> str:
    return f"{found.st_size}-{found.st_mtime_ns}"


class FileLog:
    """Port RawLog over an open file, which must stay as it was listed."""

    def __init__(self, file: int, listed: LogObject, place: str) -> None:
        self.size = listed.size
        self._file, self._listed, self._place, self._at = file, listed, place, 0

    def read(self, length: int) -> bytes:
        """Port: RawLog.read."""
        piece = self.read_at(self._at, length)
        self._at += len(piece)
        return piece

    def read_at(self, start: int, length: int) -> bytes:
        """Port: RawLog.read_at."""
        try:
            piece = os.pread(self._file, max(0, min(length, self.size - start)), start)
            found = os.fstat(self._file)
        except OSError as error:
            told = f"{self._place}/{self._listed.key}: cannot be read: {reason_of(error)}"
            raise LogSourceError(told) from None
        if _etag(found) != self._listed.etag:
            raise LogReplaced(f"{self._place}/{self._listed.key}: it changed while it was read")
        return piece


class FolderSource:
    """Port LogSource over `file:///folder`; keys are paths below it."""

    def __init__(self, place: str) -> None:
        path = unquote(place.removeprefix("file://"))
        if not path.startswith("/") or "\0" in path:
            raise ConfigError("pull_bucket: allowed is file:/// and the path of a folder")
        self._root = Path(os.path.normpath(path))
        self.place = self._root.as_uri()

    def listing(self, prefix: str = "") -> Iterator[LogObject]:
        """Port: LogSource.listing.  A name that is no UTF-8 ends it: it could not be kept."""
        if not self._root.is_dir():
            raise LogSourceRefused(f"{self.place}: there is no such folder; is its disk mounted?")
        return self._below(prefix.rpartition("/")[0], prefix)

    @contextmanager
    def open(self, listed: LogObject) -> Iterator[FileLog]:
        """Port: LogSource.open."""
        file = self._file_of(listed)
        try:
            yield FileLog(file, listed, self.place)
        finally:
            os.close(file)

    def is_there(self, listed: LogObject) -> bool:
        """Port: LogSource.is_there."""
        try:
            os.close(self._file_of(listed))
        except LogReplaced:
            return False
        return True

    def remove(self, listed: LogObject) -> None:
        """Port: LogSource.remove."""
        os.close(self._file_of(listed))
        try:
            FolderDisk(self._root).remove(listed.key)
        except StorageError as error:
            raise LogSourceError(str(error)) from None

    def tag(self, listed: LogObject, name: str, value: str) -> None:
        """Port: LogSource.tag."""
        raise LogSourceRefused(f"{self.place}: a folder has no tags: see after_push")

    def close(self) -> None:
        """Port: LogSource.close."""

    def _file_of(self, listed: LogObject) -> int:
        what = f"{self.place}/{listed.key}"
        try:
            file = open_plain(self._root, listed.key, os.O_RDONLY)
        except _GONE:
            raise LogReplaced(f"{what}: {_SURELY_GONE}") from None
        except StorageError:
            raise LogReplaced(f"{what}: {_SURELY_GONE}") from None
        except OSError as error:
            raise LogSourceError(f"{what}: cannot be opened: {reason_of(error)}") from None
        if _etag(os.fstat(file)) == listed.etag:
            return file
        os.close(file)
        raise LogReplaced(f"{what}: it is another one than was listed")

    def _below(self, folder: str, prefix: str) -> Iterator[LogObject]:
        for name, found in self._entries(folder):
            key = f"{folder}/{name}" if folder else name
            if stat.S_ISDIR(found.st_mode):
                if f"{key}/".startswith(prefix) or prefix.startswith(f"{key}/"):
                    yield from self._below(key, prefix)
            elif key.startswith(prefix):
                yield LogObject(
                    bucket=self.place,
                    key=key,
                    size=found.st_size,
                    etag=_etag(found),
                    modified=datetime.fromtimestamp(found.st_mtime, UTC),
                )

    def _entries(self, folder: str) -> list[tuple[str, os.stat_result]]:
        """Files and folders in the order of their keys; what is gone meanwhile is left out."""
        where = f"{self.place}/{folder}".rstrip("/")
        try:
            here = open_folder(self._root, folder)
        except _GONE:
            return []
        except OSError as error:
            raise LogSourceError(f"{where}: cannot be listed: {reason_of(error)}") from None
        try:
            found = [(name, _stat(name, here)) for name in os.listdir(here)]
        except OSError as error:
            raise LogSourceError(f"{where}: cannot be listed: {reason_of(error)}") from None
        finally:
            os.close(here)
        kept = [(name, facts) for name, facts in found if facts is not None]
        if any(not _is_utf8(name) for name, _ in kept):
            raise LogSourceRefused(f"{where}: a file's name is not UTF-8; rename it")
        return sorted(kept, key=lambda one: (one[0] + "/" * stat.S_ISDIR(one[1].st_mode)).encode())


def _stat(name: str, folder: int) -> os.stat_result | None:
    """What a name is, when it is a file or a folder."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode) else None


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
