"""The pool's folder on a real disk: the only room that syncs, renames, cuts or removes files.

It touches the disk by a few calls of `os` alone and never by a Path's own, so that the tests can
put a disk in their place that loses power at each of them.  Below the root it follows no link, and
it opens regular files alone: a pipe or a device in the place of one would keep it waiting for ever.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from mtdata.core.errors import StorageError
from mtdata.core.mounts import no_folder_sync
from mtdata.core.ports import Room
from mtdata.core.reach import (
    exists,
    names_in,
    open_folder,
    open_plain,
    size_of,
    sizes_in,
    stretch,
    translated_faults,
)

PIECE = 1 << 20
FOLDER_MODE, FILE_MODE = 0o700, 0o600
Ending = Callable[[int], None]  # what is done with a file that is written, before it is closed


def make_folder(path: Path) -> None:
    """Make a folder (0700) and the ones above it, each durable by name.

    Nothing is put into a folder before its name is durable, so an empty one may be what a killed
    process began: its name is synced once more, where we may.
    """
    with translated_faults(path, "make the folder"):
        missing = []
        while not exists(path):
            missing.append(path)
            path = path.parent
        if not os.listdir(path):
            with suppress(PermissionError):
                _sync_folder(path.parent)
        for folder in reversed(missing):
            with suppress(FileExistsError):
                os.mkdir(folder, FOLDER_MODE)
            _sync_folder(folder.parent)


def _sync(file: int) -> None:
    full = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone stops at the drive's cache
    if full is None:
        os.fsync(file)
    else:
        fcntl.fcntl(file, full)


def _begin_sync(file: int) -> None:
    """Let the system write the file out by and by; it proves nothing, and no sync is left out.

    The syncs of a group end with one commit of the file system then, not with one each.
    """
    with suppress(OSError, AttributeError):  # macOS has none
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    except OSError as error:
        if told := no_folder_sync(folder, error):
            raise StorageError(told) from error
        raise
    finally:
        os.close(file)


def _write_all(file: int, content: bytes, start: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(file, view, start)
        view, start = view[written:], start + written


class FolderDisk:
    """Port Disk over a folder; see mtdata/study/ports.py for the promises."""

    def __init__(
        self, root: Path, beat: Callable[[], None] = lambda: None, mode: int = FILE_MODE
    ) -> None:
        """`beat` is called before each read or write, and may end it by an error of its own.

        `mode` is that of files which are staged: others than the owner read what is no answer.
        """
        self.root = root
        self._mode = mode
        self._beat = beat
        self._made: dict[str, Path] = {}  # folders that are there, durable by name

    def _folder_of(self, path: str) -> Path:
        """The folder of a file, durable by name before anything is put there."""
        within = path.rpartition("/")[0]
        if (known := self._made.get(within)) is not None:
            return known
        with translated_faults(self.root, "reach", path), suppress(FileNotFoundError):
            self._reach(path)
        folder = self.root / within
        make_folder(folder)
        return self._made.setdefault(within, folder)

    @contextmanager
    def _opened(self, path: str, flags: int = os.O_RDONLY) -> Iterator[int]:
        file = open_plain(self.root, path, flags)
        try:
            yield file
        finally:
            os.close(file)

    def _reach(self, path: str) -> None:
        """OSError when a part of the way to a file is a link, or no folder."""
        os.close(open_folder(self.root, path.rpartition("/")[0]))

    def size(self, path: str) -> int | None:
        """Port: Disk.size."""
        with translated_faults(self.root, "look at the file", path), suppress(FileNotFoundError):
            return size_of(self.root, path)
        return None

    def read(self, path: str, start: int, length: int) -> bytes:
        """Port: Disk.read."""
        self._beat()
        with translated_faults(self.root, "read", path), self._opened(path) as file:
            start, end = stretch(file, start, length)
            return os.pread(file, end - start, start)

    def stream(self, path: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Port: Disk.stream."""
        with translated_faults(self.root, "read", path), self._opened(path) as file:
            start, end = stretch(file, start, length)
            while start < end and (piece := os.pread(file, min(PIECE, end - start), start)):
                start += len(piece)
                self._beat()
                yield piece

    def write(self, path: str, start: int, content: bytes) -> None:
        """Port: Disk.write.  The file first, then its name: a name without content is no loss.

        Whoever writes from the first byte begins the file, even if a killed process left its name.
        """
        self._beat()
        full = self.root / path
        folder = self._folder_of(path)
        with translated_faults(full, "write"):
            begun = start == 0 or not exists(full)
            with self._opened(path, os.O_RDWR | os.O_CREAT) as file:
                _write_all(file, content, start)
                end = start + len(content)
                if os.fstat(file).st_size != end:
                    os.ftruncate(file, end)
                _sync(file)
            if begun:
                _sync_folder(folder)

    def stage(self, path: str, pieces: Iterable[bytes]) -> str:
        """Port: Disk.stage."""
        return self._staged(path, pieces, _sync)

    def draft(self, path: str, pieces: Iterable[bytes]) -> str:
        """Port: Disk.draft."""
        return self._staged(path, pieces, _begin_sync)

    def _staged(self, path: str, pieces: Iterable[bytes], end: Ending) -> str:
        folder, slash, name = path.rpartition("/")
        staged = f"{folder}{slash}.{name}.staged"
        self._fill(staged, pieces, end)
        return staged

    def publish(self, staged: str, path: str) -> None:
        """Port: Disk.publish."""
        self._give_names({staged: path})

    def publish_all(self, drafts: Mapping[str, str]) -> None:
        """Port: Disk.publish_all."""
        for path in drafts:  # the first waits for all that was begun; the others find it done
            self._sync_file(path)
        self._give_names(drafts)

    def _give_names(self, files: Mapping[str, str]) -> None:
        reached: set[str] = set()
        for staged, path in files.items():
            with translated_faults(self.root, "give the file its name", path):
                if (within := path.rpartition("/")[0]) not in reached:
                    self._reach(path)
                    reached.add(within)
                os.replace(f"{self.root}/{staged}", f"{self.root}/{path}")
        self._sync_names(files.values())

    def _sync_names(self, paths: Iterable[str]) -> None:
        for folder in dict.fromkeys(path.rpartition("/")[0] for path in paths):
            with translated_faults(self.root, "sync", folder):
                _sync_folder(self.root / folder)

    def _sync_file(self, path: str) -> None:
        with translated_faults(self.root, "sync", path), self._opened(path) as file:
            _sync(file)

    def confirm(self, path: str) -> None:
        """Port: Disk.confirm."""
        self._sync_file(path)
        self._sync_names([path])

    def replace(self, path: str, content: bytes) -> None:
        """Port: Disk.replace."""
        self.publish(self.stage(path, [content]), path)

    def receive(self, path: str, pieces: Iterable[bytes]) -> int:
        """Port: Disk.receive."""
        return self._fill(path, pieces)

    def remove(self, path: str) -> None:
        """Port: Disk.remove."""
        full = self.root / path
        with translated_faults(full, "remove"), suppress(FileNotFoundError, NotADirectoryError):
            self._reach(path)
            drop(str(full))
            _sync_folder(full.parent)  # even if it was gone: a killed process may not have synced

    def clear(self, folder: str) -> None:
        """Take a folder away with the files in it, which need not be durable."""
        for name in self.names(folder):
            self.remove(f"{folder}/{name}")
        with translated_faults(self.root / folder, "remove"), suppress(FileNotFoundError):
            os.rmdir(self.root / folder)

    def names(self, folder: str) -> list[str]:
        """Port: Disk.names."""
        with translated_faults(self.root, "list", folder):
            return names_in(self.root, folder)

    def sizes(self, folder: str) -> dict[str, int]:
        """Port: Disk.sizes."""
        names = self.names(folder)
        with translated_faults(self.root, "look at the files", folder):
            return sizes_in(self.root, folder, names) if names else {}

    def room(self) -> Room:
        """Port: Disk.room."""
        with translated_faults(self.root, "look at the disk"):
            found = os.statvfs(self.root)
        counted = found.f_files > 0  # some file systems make inodes as they need them
        return Room(found.f_bavail * found.f_frsize, found.f_favail if counted else None)

    def _fill(self, path: str, pieces: Iterable[bytes], end: Ending = lambda file: None) -> int:
        self._folder_of(path)
        length = 0
        with translated_faults(self.root, "write", path):
            file = open_plain(self.root, path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            if self._mode != FILE_MODE:  # whatever the umask; a stick with FAT knows no modes
                with translated_faults(self.root, "write", path), suppress(PermissionError):
                    os.fchmod(file, self._mode)
            for piece in pieces:  # which may fail by itself: that is no fault of the disk
                self._beat()
                with translated_faults(self.root, "write", path):
                    _write_all(file, piece, length)
                length += len(piece)
            with translated_faults(self.root, "sync", path):
                end(file)
        except BaseException:
            with suppress(OSError):  # nobody names it any more, and it may hold answers
                drop(f"{self.root}/{path}")
            raise
        finally:
            os.close(file)
        return length


# files of the log: nothing rests on them, so none is synced, and an OSError stays one ------------


def give_name(path: str, name: str) -> None:
    """Rename a file of the log."""
    os.rename(path, name)


def drop(path: str) -> None:
    """Remove a file of the log, if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def cut(file: int, length: int) -> None:
    """Take back what was added to an open file of the log."""
    os.ftruncate(file, length)
