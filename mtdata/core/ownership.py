"""What an owner proves: on some disks, and of users not known here, nothing; it only looks."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

_ONE_OWNER = re.compile(
    r"cifs|smb\w*|nfs\d?|v?fat|msdos|exfat|ntfs\d?|9p|virtiofs|drvfs|vboxsf|fuse.*"
)
_ALL = 2**32 - 1
_ROOT = Path(__file__).resolve().parents[2]
_PLAIN = re.compile(r"[\w./,=+%-]+")


def proves_nothing(path: Path, uid: int) -> bool:
    """Whether the system gives all files there one owner, or that owner is none that it knows."""
    return uid == _nobody() or bool(_ONE_OWNER.fullmatch(_kind_of_disk(path)))


def name_of(uid: int) -> str:
    """The user's name, or #1000 as sudo takes it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def call_as(uid: int) -> str:
    """What to do where the files are of that user: the command line, called as he would."""
    return f"Call it so: sudo -u {shlex.quote(name_of(uid))} {_line()}"


def _line() -> str:
    """The command line as it was given; a word that may hold a password is left out."""
    program = _ROOT / "bin" / "mtdata"
    called = str(program) if program.is_file() else "mtdata"
    words = [word if _PLAIN.fullmatch(word) else "…" for word in sys.argv[1:]]
    return " ".join([shlex.quote(called), *words])


@lru_cache(maxsize=1)
def _nobody() -> int | None:
    """Whom files belong to whose user our name space does not know; None where it knows all."""
    with suppress(OSError, ValueError):
        if Path("/proc/self/uid_map").read_text(encoding="ascii").split() == ["0", "0", str(_ALL)]:
            return None
    with suppress(OSError, ValueError):
        return int(Path("/proc/sys/kernel/overflowuid").read_text(encoding="ascii"))
    return 65534


def _kind_of_disk(path: Path) -> str:
    with suppress(OSError):
        return _kind_of_device(os.lstat(path).st_dev)
    return ""


@lru_cache(maxsize=32)
def _kind_of_device(device: int) -> str:
    """The file system's type as Linux calls it; '' where that cannot be known."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
            if line.split()[2] == wanted:
                return line.partition(" - ")[2].split()[0]
    return ""
