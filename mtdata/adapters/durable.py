"""The pool's folder on a real disk: the only room that syncs, renames, cuts or removes files."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mtdata.errors import StorageError

PIECE = 1 << 20
FOLDER_MODE, FILE_MODE = 0o700, 0o600


@contextmanager
def _told(path: Path, doing: str) -> Iterator[None]:
    """Translate what the system refuses into words; nothing that was safe before is less so."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{path}: cannot {doing}: {error.strerror}. What was committed before is safe; "
            "mend the disk, the next round goes on from there."
        ) from error


def make_folder(path: Path) -> None:
    """Make a folder (0700) and the ones above it, each durable by name."""
    with _told(path, "make the folder"):
        missing = []
        while not path.exists():
            missing.append(path)
            path = path.parent
        for folder in reversed(missing):
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
            _sync_folder(folder.parent)


def _sync(file: int) -> None:
    full = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone stops at the drive's cache
    if full is None:
        os.fsync(file)
    else:
        fcntl.fcntl(file, full)


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _write_all(file: int, content: bytes, start: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(file, view, start)
        view, start = view[written:], start + written


class FolderDisk:
    """Port Disk over a folder; see mtdata/ports.py for the promises."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def size(self, path: str) -> int | None:
        """Port: Disk.size."""
        full = self.root / path
        with _told(full, "look at the file"):
            try:
                return full.lstat().st_size  # a link that leads nowhere is in the way all the same
            except FileNotFoundError:
                return None

    def read(self, path: str, start: int, length: int) -> bytes:
        """Port: Disk.read."""
        full = self.root / path
        with _told(full, "read"):
            file = os.open(full, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                return os.pread(file, length, start)
            finally:
                os.close(file)

    def stream(self, path: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Port: Disk.stream."""
        full = self.root / path
        with _told(full, "read"):
            file = os.open(full, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                end = os.fstat(file).st_size if length is None else start + length
                while start < end and (piece := os.pread(file, min(PIECE, end - start), start)):
                    start += len(piece)
                    yield piece
            finally:
                os.close(file)

    def write(self, path: str, start: int, content: bytes) -> None:
        """Port: Disk.write.  The file first, then its name: a name without content is no loss."""
        full = self.root / path
        make_folder(full.parent)
        with _told(full, "write"):
            new = not full.exists()
            file = os.open(full, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, FILE_MODE)
            try:
                _write_all(file, content, start)
                end = start + len(content)
                if os.fstat(file).st_size != end:
                    os.ftruncate(file, end)
                _sync(file)
            finally:
                os.close(file)
            if new:
                _sync_folder(full.parent)

    def stage(self, path: str, pieces: Iterable[bytes]) -> str:
        """Port: Disk.stage."""
        folder, _, name = path.rpartition("/")
        staged = f"{folder}/.{name}.staged" if folder else f".{name}.staged"
        self._fill(staged, pieces, durable=True)
        return staged

    def publish(self, staged: str, path: str) -> None:
        """Port: Disk.publish."""
        full = self.root / path
        with _told(full, "give the file its name"):
            os.replace(self.root / staged, full)
            _sync_folder(full.parent)

    def replace(self, path: str, content: bytes) -> None:
        """Port: Disk.replace."""
        self.publish(self.stage(path, [content]), path)

    def receive(self, path: str, pieces: Iterable[bytes]) -> int:
        """Port: Disk.receive."""
        return self._fill(path, pieces, durable=False)

    def remove(self, path: str) -> None:
        """Port: Disk.remove."""
        full = self.root / path
        with _told(full, "remove"):
            if full.exists():
                full.unlink()
                _sync_folder(full.parent)

    def names(self, folder: str) -> list[str]:
        """Port: Disk.names."""
        full = self.root / folder
        with _told(full, "list"):
            if not full.is_dir():
                return []
            return sorted(entry.name for entry in os.scandir(full) if entry.is_file())

    def _fill(self, path: str, pieces: Iterable[bytes], *, durable: bool) -> int:
        full = self.root / path
        make_folder(full.parent)
        length = 0
        with _told(full, "write"):
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            file = os.open(full, flags, FILE_MODE)
        try:
            for piece in pieces:  # outside _told: a fault of the source is not one of the disk
                with _told(full, "write"):
                    _write_all(file, piece, length)
                length += len(piece)
            if durable:
                with _told(full, "sync"):
                    _sync(file)
        finally:
            os.close(file)
        return length
