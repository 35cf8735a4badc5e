"""Whose files these are: a program that runs as somebody else would lock their owner out.

It only looks.  Where a system gives all files one owner (network disks, user namespaces) an owner
proves nothing, and nothing is refused.
"""

from __future__ import annotations

import os
import pwd
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from mtdata.errors import OwnerError

POOL = (".lock", "ledger.sqlite3", "ledger.sqlite3-wal", "raw_data", "active_data")
"""What a round makes in a pool first, and cannot go on without."""
STATE = (".lock", "ledger.sqlite3", "programme.sqlite3", "outbox")
LOGS = ("DEBUG.log", "Daily.log", "error.log", "bread_down.log")
_ONE_OWNER = re.compile(
    r"cifs|smb\w*|nfs\d?|v?fat|msdos|exfat|ntfs\d?|9p|virtiofs|drvfs|vboxsf|fuse.*"
)
_OF_THE_SYSTEM = {"lost+found", ".snapshot", ".snapshots", ".zfs"}
_ALL = 2**32 - 1
_ROOT = Path(__file__).resolve().parents[2]
_PLAIN = re.compile(r"[\w./,=+%-]+")


class Stranger(NamedTuple):
    """What belongs to somebody else, and to which user id."""

    path: Path
    uid: int


def stranger(folder: Path, names: Iterable[str] = ()) -> Stranger | None:
    """What there belongs to another user than the one that this runs as; None when we may go on.

    `names` are what the program makes there.  Where none of them is there the folder counts: for
    root whose it is, or would be, since root may write anywhere; for others whether they get in.
    """
    me = os.geteuid()
    uids = {name: _uid(folder / name) for name in names}
    for name, uid in uids.items():
        if uid not in (None, me):
            return _unless_shared(folder / name, uid)
    if me in uids.values():
        return None
    place, is_hidden = _standing(folder)
    uid = _uid(place)
    if uid in (None, me) or (me and not is_hidden and (place != folder or _lets_in(place))):
        return None
    return _unless_shared(place, uid)


def within(folder: Path) -> list[Stranger]:
    """Every file and folder in there that belongs to somebody else."""
    me = os.geteuid()
    found = (Stranger(path, uid) for path, uid in _tree(folder) if uid != me)
    return [one for one in found if _unless_shared(*one)]


def refuse(folder: Path, names: Iterable[str] = ()) -> None:
    """Raise OwnerError, with the line that does it right, where the files are somebody else's."""
    if found := stranger(folder, names):
        raise OwnerError(told(found, folder))


def told(found: Stranger, folder: Path) -> str:
    """What is wrong, and which line does it right."""
    me, owner = name_of(os.geteuid()), name_of(found.uid)
    right = f"Call it so: sudo -u {shlex.quote(owner)} {_line()}"
    if os.geteuid() and (found.uid == 0 or _uid(folder) == os.geteuid()):
        right += f"; or give it to {me}: {chown(folder)}"
    return (
        f"{found.path} belongs to {owner}, and this runs as {me}: what one of them makes there the "
        f"other cannot use. Nothing was done. {right}"
    )


def chown(folder: Path) -> str:
    """The line that gives all that is in there to the user that this runs as."""
    return f"sudo chown -R {shlex.quote(name_of(os.geteuid()))}: {shlex.quote(str(folder))}"


def name_of(uid: int) -> str:
    """The user's name, or #1000 as sudo takes it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def _line() -> str:
    """The command line as it was given; a word that may hold a password is left out."""
    program = _ROOT / "bin" / "mtdata"
    called = str(program) if program.is_file() else "mtdata"
    words = [word if _PLAIN.fullmatch(word) else "…" for word in sys.argv[1:]]
    return " ".join([shlex.quote(called), *words])


def _uid(path: Path) -> int | None:
    with suppress(OSError):
        return os.lstat(path).st_uid
    return None


def _standing(folder: Path) -> tuple[Path, bool]:
    """The nearest folder that is there, and whether what is below it is hidden from us."""
    is_hidden = False
    for place in (folder, *folder.parents):
        try:
            os.stat(place)
        except PermissionError:
            is_hidden = True
        except OSError:
            continue
        else:
            return place, is_hidden
    return Path("/"), is_hidden


def _lets_in(folder: Path) -> bool:
    return os.access(
        folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids
    )


def _unless_shared(path: Path, uid: int | None) -> Stranger | None:
    if uid is None or uid == _nobody() or _ONE_OWNER.fullmatch(_kind_of_disk(path)):
        return None
    return Stranger(path, uid)


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


def _tree(folder: Path) -> Iterator[tuple[Path, int]]:
    """What is in a folder, links not followed; what cannot be listed is left out."""
    todo = [folder]
    while todo:
        with suppress(OSError), os.scandir(todo.pop()) as entries:
            for entry in entries:
                if entry.name in _OF_THE_SYSTEM:
                    continue
                with suppress(OSError):
                    yield Path(entry.path), entry.stat(follow_symlinks=False).st_uid
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(Path(entry.path))
