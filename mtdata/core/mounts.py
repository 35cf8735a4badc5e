"""Which file system a path is on, and what it cannot do; words alone, it changes nothing."""

from __future__ import annotations

import errno
import os
from pathlib import Path

TABLE = "/proc/self/mounts"
"""Device, mount point, kind and more of every file system that is mounted (Linux)."""
_NO_SUCH_SYNC = frozenset(
    {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.ENOSYS}
)
"""What a file system answers that cannot sync a folder; a disk that is broken answers EIO."""


def no_folder_sync(folder: Path, error: OSError) -> str:
    """What to say when a sync of a folder failed since its file system has none; '' otherwise."""
    if error.errno not in _NO_SUCH_SYNC:
        return ""
    kind = file_system_of(folder) or "of a kind that the system does not tell"
    return (
        f"{folder}: its file system ({kind}) cannot sync a folder: {error.strerror}. The disk is "
        "not broken: some file systems have no such thing (SMB/CIFS under Linux before 4.17, "
        "shared folders of VirtualBox, sshfs and others by FUSE). The name of a file could be gone "
        "there after a power cut, so nothing is written and nothing deleted on a site; what was "
        "committed before is safe. Move the folder to a local file system (ext4, XFS, APFS) and "
        "mend its path in the config; `mtdata check` tries it."
    )


def file_system_of(path: Path) -> str:
    """Its kind, such as ext4 or cifs; '' where the system does not tell."""
    try:
        with open(TABLE, encoding="utf-8", errors="surrogateescape") as lines:
            return kind_in(lines.read(), os.path.realpath(path))
    except OSError:
        return ""


def kind_in(table: str, path: str) -> str:
    """The kind of the innermost file system of a table of mounts that has that path."""
    best, kind = "", ""
    for line in table.splitlines():
        words = line.split(" ")
        if len(words) < 3:
            continue
        point = _plain(words[1])
        inner = f"{path}/".startswith(f"{point.rstrip('/')}/")
        if inner and len(point) >= len(best):  # of two on one point the later hides the other
            best, kind = point, words[2]
    return kind


def _plain(word: str) -> str:
    """A mount point as it is; blanks and backslashes stand in octal there."""
    for code, letter in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        word = word.replace(code, letter)
    return word
