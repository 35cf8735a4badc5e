"""Whose files these are: a program that runs as somebody else would lock their owner out.

It only looks.  Where a system gives all files one owner (network disks, user namespaces) an owner
proves nothing, and nothing is refused.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mtdata.core.errors import OwnerError
from mtdata.core.ownership import call_as, name_of, proves_nothing
from mtdata.core.pool_files import LEDGER_FILE, LOCK, RAW, SHEETS

POOL = (LOCK, LEDGER_FILE, f"{LEDGER_FILE}-wal", RAW, SHEETS)
"""What a round makes in a pool first, and cannot go on without."""
STATE = (LOCK, LEDGER_FILE, "programme.sqlite3", "outbox")
LOGS = ("DEBUG.log", "Daily.log", "error.log", "bread_down.log")
_OF_THE_SYSTEM = {"lost+found", ".snapshot", ".snapshots", ".zfs"}


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
        raise OwnerError(stranger_advice(found, folder))


def stranger_advice(found: Stranger, folder: Path) -> str:
    """What is wrong, and which line does it right."""
    me, owner = name_of(os.geteuid()), name_of(found.uid)
    right = call_as(found.uid)
    if os.geteuid() and (found.uid == 0 or _uid(folder) == os.geteuid()):
        right += f"; or give it to {me}: {chown(folder)}"
    return (
        f"{found.path} belongs to {owner}, and this runs as {me}: what one of them makes there the "
        f"other cannot use. Nothing was done. {right}"
    )


def chown(folder: Path) -> str:
    """The line that gives all that is in there to the user that this runs as."""
    return f"sudo chown -R {shlex.quote(name_of(os.geteuid()))}: {shlex.quote(str(folder))}"


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
    if uid is None or proves_nothing(path, uid):
        return None
    return Stranger(path, uid)


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
