"""Files on their way into a backup: each is read once for its digest, and sent where it lacks.

It follows no link, and takes a database by SQLite's own backup: one moment of it, whoever writes.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from itertools import chain
from pathlib import Path

from mtdata.core.backups.manifest import BackedUpFile
from mtdata.core.backups.place import BackupPlace
from mtdata.core.control import in_utf8
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import BusyError, StorageError
from mtdata.core.journal import BESIDE, check_beside
from mtdata.core.ports import Disk
from mtdata.core.reach import check_plain, translated_faults

TRIES = 5
RESTORED = "restored.json"
"""Which backup a folder was restored from, in that folder."""
DATABASE = ".sqlite3"
NOT_KEPT = (".staged", "-wal", "-shm", "-journal", ".lock", ".migrating", RESTORED)
"""Endings of what is of one moment alone, or tells of an earlier restore."""
Advance = Callable[[int], None]
"""Told how many bytes more were read."""


class BackupSender:
    """What sends files to a place; `is_dry` only looks which would be sent.

    Databases are copied into the folder `spool` on their way.
    """

    def __init__(
        self, place: BackupPlace, spool: FolderDisk, advance: Advance, *, is_dry: bool
    ) -> None:
        self._place, self.spool, self._advance, self._is_dry = place, spool, advance, is_dry
        self.sent_files = self.sent_bytes = 0

    def send(
        self,
        path: str,
        pieces: Callable[[], Iterable[bytes]],
        closing_bytes: bytes = b"",
        known: bytes | None = None,
    ) -> tuple[BackedUpFile, bool]:
        """The file as it is in the backup, and whether its bytes have the digest that is known.

        `closing_bytes` follow the pieces.  BusyError for a file that never rests.
        """
        for _ in range(TRIES):
            digest, length = sha256(), 0
            for piece in pieces():
                digest.update(piece)
                length += len(piece)
                self._advance(len(piece))
            fits = known is None or digest.digest() == known
            digest.update(closing_bytes)
            file = BackedUpFile(path, digest.hexdigest(), length + len(closing_bytes))
            if self._place.has(file):
                return file, fits
            if self._is_dry or self._place.put(file, chain(pieces(), (closing_bytes,))):
                self.sent_files += 1
                self.sent_bytes += file.size
                return file, fits
        raise BusyError(f"{path}: it changed each time that it was read; try again later")

    def send_plain(self, disk: Disk, path: str) -> BackedUpFile | None:
        """A file as it stands; None for one that was taken away since it was listed."""
        try:
            return self.send(path, lambda: disk.stream(path))[0]
        except StorageError:
            if disk.size(path) is None:
                return None
            raise

    def send_database(self, folder: Path, path: str) -> tuple[BackedUpFile, str]:
        """A SQLite file as it was in one moment, and what is wrong with it in words, '' for well.

        Its copy stays in the spool under `spooled` until the next one.
        """
        fault = copy_database(folder / path, self.spooled)
        file, _ = self.send(path, lambda: self.spool.stream(self.spooled.name))
        return file, f"{path}: {fault}" if fault else ""

    @property
    def spooled(self) -> Path:
        """Where a database is copied to."""
        return self.spool.root / f"copy{DATABASE}"

    def clear(self) -> None:
        """Leave nothing in the spool."""
        for ending in BESIDE:
            self.spool.remove(self.spooled.name + ending)


def copy_database(source: Path, target: Path) -> str:
    """Copy a SQLite file as it is in one moment; what is wrong with it in words, '' for nothing.

    StorageError where it cannot be read, or the copy not be written.
    """
    for ending in BESIDE[1:]:
        FolderDisk(target.parent).remove(target.name + ending)
    with translated_faults(target, "begin the copy"):
        check_plain(target, begin=True)
    with translated_faults(source, "look at the database"):
        check_beside(source, begin=False)
    address = f"{source.absolute().as_uri()}?mode=rw"
    try:
        with (
            closing(sqlite3.connect(address, uri=True, timeout=30)) as db,
            closing(sqlite3.connect(target, timeout=30)) as copy,
        ):
            db.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # it stands alone, without files beside it
            found = copy.execute("PRAGMA quick_check(1)").fetchall()
            return "" if found == [("ok",)] else "SQLite finds its file damaged"
    except sqlite3.Error as error:
        raise StorageError(f"{source}: cannot be copied: {error}") from error


def kept_files(
    root: Path, leave_out: frozenset[str] = frozenset(), *, everything: bool = False
) -> tuple[list[str], list[str]]:
    """Paths of all regular files below a folder, in order, and what stands there that is none.

    `leave_out` are names in the folder itself that are passed over, with all that is in them;
    `everything`: also what no backup keeps.  StorageError for a folder that cannot be listed.
    """
    files: list[str] = []
    odd: list[str] = []
    try:
        for entry, path in _entries(root, "", leave_out):
            if entry.name.endswith(NOT_KEPT) and not everything:
                continue
            if entry.is_file(follow_symlinks=False):
                files.append(path)
            else:
                odd.append(f"{in_utf8(path)} is no regular file, and was left out")
    except OSError as error:
        raise StorageError(f"{root}: cannot be listed: {error.strerror}") from error
    return sorted(files), sorted(odd)


def _entries(
    root: Path, folder: str, leave_out: frozenset[str]
) -> Iterator[tuple[os.DirEntry[str], str]]:
    try:
        with os.scandir(root / folder) as found:
            entries = list(found)
    except FileNotFoundError:  # taken away since its name was read
        if folder:
            return
        raise
    for entry in entries:
        path = f"{folder}/{entry.name}".removeprefix("/")
        if not folder and entry.name in leave_out:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(root, path, frozenset())
        else:
            yield entry, path
