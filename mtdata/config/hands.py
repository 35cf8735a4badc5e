"""Who else may change a config file: whoever may says where data go, and what is deleted."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from mtdata.config.folders import FILES
from mtdata.core.ownership import call_as, name_of, proves_nothing


def changeable_paths(folder: Path) -> list[Path]:
    """The folder, its files, and where a link leads to: who may change one changes what is done.

    One that is hidden from us counts as no link.
    """
    files = [folder / name for name in FILES]
    led = [Path(os.path.realpath(file)).parent for file in files if os.path.islink(file)]
    return list(dict.fromkeys([folder, *files, *led]))


def strange_hands(path: Path) -> str:
    """What is wrong with a file or folder that others than we and root may change; '' for nothing.

    What is not there, or hidden from us, is told by whoever reads it.
    """
    try:
        found, disk = os.stat(path), os.statvfs(path)
    except OSError:
        return ""
    if disk.f_flag & os.ST_RDONLY or proves_nothing(path, found.st_uid):
        return ""
    us, word = os.geteuid(), shlex.quote(str(path))
    if found.st_uid not in (us, 0):
        them = name_of(found.st_uid)
        return (
            f"{path}: it belongs to {them}, and this runs as {name_of(us)}: allowed is one of our "
            f"own or of root. {call_as(found.st_uid)}; or give it away: sudo chown {us} {word}"
        )
    if found.st_mode & 0o022:
        who = "others" if found.st_mode & 0o002 else "its group"
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        return f"{path}: {who} may write it (mode {mode}); this mends it: chmod go-w {word}"
    return ""


def is_open_to_readers(path: Path) -> bool:
    """Whether all may read that file, on a disk where its mode means something."""
    try:
        found = os.stat(path)
    except OSError:
        return False
    return bool(found.st_mode & 0o004) and not proves_nothing(path, found.st_uid)
