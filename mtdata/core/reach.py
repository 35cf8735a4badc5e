"""How a file of a folder of ours is reached and opened: by no link, without waiting, regular alone.

It changes no file.  Each part of a path below the root is opened within the one before, so nobody
can put a link in its place in between.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mtdata.core.control import in_utf8
from mtdata.core.errors import DamageError, StorageError

MODE = 0o600
AT_ONCE = os.O_NOFOLLOW | os.O_NONBLOCK
SCARCE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR, errno.EAGAIN})
"""What a read is refused for that says nothing of the disk."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What a write is refused for where there is no room, or none for our user."""
SAFE = "What was committed before is safe; mend the disk, the next round goes on from there."
FULL_SAFE = SAFE.replace("mend the disk", "make room")
NO_FILE = (
    "it is no regular file: a link, a pipe, a device or a folder stands in its place, so nothing "
    "is read from it or written to it. See who put it there, and move it away"
)


class DiskFull(StorageError):
    """There is no room left on the disk, or in our quota."""

    incident = "disk_full"


class TranslatedFaults(NamedTuple):
    """Translate what the system refuses within; a generator would cost thrice that."""

    path: Path
    doing: str
    within: str

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, OSError):
            return
        damaged = self.doing == "read" and speaks_of_damage(error)
        kind, safe = (DiskFull, FULL_SAFE) if error.errno in FULL else (StorageError, SAFE)
        kind = DamageError if damaged and kind is StorageError else kind
        path = in_utf8(str(self.path / self.within))
        raise kind(f"{path}: cannot {self.doing}: {reason_of(error)}. {safe}") from error


def translated_faults(path: Path, doing: str, within: str = "") -> TranslatedFaults:
    """Translate what the system refuses into words; nothing that was safe before is less so."""
    return TranslatedFaults(path, doing, within)


def refusal_of(error: OSError) -> StorageError | None:
    """What a refused call says of the file that it was about; None where it was about no file.

    For where errors end: a look at a file that nobody took for one that can be refused.
    """
    if error.errno is None or not isinstance(error.filename, str | bytes):
        return None
    try:
        with translated_faults(Path(os.fsdecode(error.filename)), "use it"):
            raise error
    except StorageError as told:
        return told


def open_folder(root: Path, path: str) -> int:
    """The folder of that path below the root ("" is the root itself); OSError for a link."""
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    for part in path.split("/") if path else ():
        try:
            _check_name(part)
            flags = os.O_RDONLY | os.O_DIRECTORY | AT_ONCE
            above, here = here, os.open(part, flags, dir_fd=here)
        except OSError:
            os.close(here)
            raise
        os.close(above)
    return here


def open_plain(root: Path, path: str, flags: int) -> int:
    """A regular file below the root; DamageError for whatever else stands there."""
    folder, _, name = path.rpartition("/")
    _check_name(name)
    if folder:
        within = open_folder(root, folder)
        try:
            file = os.open(name, flags | AT_ONCE, MODE, dir_fd=within)
        finally:
            os.close(within)
    else:  # nothing stands between: the root itself may be a link
        file = os.open(f"{root}/{name}", flags | AT_ONCE, MODE)
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    raise DamageError(f"{in_utf8(str(root / path))}: {NO_FILE}")


def size_of(root: Path, path: str) -> int:
    """The size of whatever stands there: a link that leads nowhere is in the way all the same."""
    folder, _, name = path.rpartition("/")
    _check_name(name)
    if not folder:  # nothing stands between: the root itself may be a link
        return os.stat(f"{root}/{name}", follow_symlinks=False).st_size
    within = open_folder(root, folder)
    try:
        return os.stat(name, dir_fd=within, follow_symlinks=False).st_size
    finally:
        os.close(within)


def exists(path: Path) -> bool:
    """Whether anything stands there; a link leads on."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def is_folder(path: Path) -> bool:
    """Whether a folder is there; StorageError where that is hidden from us, as by a dead mount."""
    with translated_faults(path, "look at the folder"):
        return path.is_dir()


def names_in(root: Path, folder: str) -> list[str]:
    """Names of the files of a folder, sorted; none where there is no such folder."""
    try:
        within = open_folder(root, folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    try:
        return sorted([one.name for one in os.scandir(within) if _stands_as_file(one)])
    finally:
        os.close(within)


class FolderStamp(NamedTuple):
    """Another one once a name came or went in a folder."""

    device: int
    inode: int
    changed_ns: int  # not st_mtime, which who copies a folder sets to what it was elsewhere


def folder_stamp(root: Path, folder: str) -> FolderStamp | None:
    """How a folder stands now; None where there is none."""
    try:
        within = open_folder(root, folder)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        found = os.fstat(within)
    finally:
        os.close(within)
    return FolderStamp(found.st_dev, found.st_ino, found.st_ctime_ns)


def _stands_as_file(entry: os.DirEntry[str]) -> bool:
    """A file, or what stands in the place of one: whoever opens it is told what it is."""
    return entry.is_file() or not (entry.is_symlink() or entry.is_dir())


def sizes_in(root: Path, folder: str, names: Iterable[str]) -> dict[str, int]:
    """The size of each of these that stands there still."""
    within, found = open_folder(root, folder), {}
    try:
        for name in names:
            try:
                found[name] = os.stat(name, dir_fd=within, follow_symlinks=False).st_size
            except FileNotFoundError:  # `suppress` for each costs as much as stat
                continue
    finally:
        os.close(within)
    return found


def _check_name(part: str) -> None:
    """A path may come out of a ledger that somebody changed."""
    if part in ("", ".", "..") or "\0" in part:
        raise OSError(errno.EINVAL, "its path leads out of the folder, or is none")


def stretch(file: int, start: int, length: int | None) -> tuple[int, int]:
    """Where to begin and end, within what the file has: whoever asks may have been misled.

    OSError where that is no place in it.
    """
    if start < 0:
        raise OSError(errno.EINVAL, "there is no byte before the first")
    size = os.fstat(file).st_size
    start = min(start, size)
    return start, size if length is None else max(start, min(size, start + length))


def check_plain(path: Path | str, *, begin: bool) -> None:
    """StorageError unless it is a regular file; one that is not there is begun, or left out.

    What is there is not opened: to close a database's file would take away the locks that this
    very process has on it.
    """
    if begin:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, MODE))
    if not is_plain(path):
        raise StorageError(f"{path}: {NO_FILE}")


def is_plain(path: Path | str) -> bool:
    """Whether it is a regular file, or nothing yet."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return stat.S_ISREG(os.stat(path, follow_symlinks=False).st_mode)
    return True


def reason_of(error: OSError) -> str:
    """Why the system refuses."""
    if error.errno == errno.ELOOP:
        return "a symbolic link stands in its place, and none is followed here"
    return error.strerror or str(error)


def speaks_of_damage(error: OSError) -> bool:
    """Whether a read that is refused is evidence that what was kept is damaged."""
    return error.errno not in SCARCE
