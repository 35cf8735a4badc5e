"""What `mtdata check` looks at of the program itself: its folders, who reads its config."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from mtdata.config.folders import FILES, is_there
from mtdata.config.hands import is_open_to_readers
from mtdata.config.settings import Settings
from mtdata.core import owner
from mtdata.core.checks import PROGRAM, Finding, of_program
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import OwnerError, StorageError
from mtdata.core.ownership import name_of
from mtdata.core.ports import LEAST_ROOM
from mtdata.core.words import size

_FOLDERS = {"state": owner.STATE, "logs": owner.LOGS}


def check_owner(site: str, what: str, folder: Path, names: Iterable[str] = ()) -> list[Finding]:
    """Whether all that is in a folder is ours; nothing is said where it is."""
    if found := owner.stranger(folder, names):
        told = owner.stranger_advice(found, folder)
    elif others := owner.within(folder):
        told = (
            f"{len(others)} files in {folder} belong to somebody else, such as {others[0].path} "
            f"({name_of(others[0].uid)}): {owner.chown(folder)}"
        )
    else:
        return []
    return [Finding(site, what, "bad", told, OwnerError.exit_code)]


def is_stranger(settings: Settings) -> bool:
    """Whether the program's own folders are not ours: nothing may be written there."""
    return any(owner.stranger(settings.home / name, files) for name, files in _FOLDERS.items())


def check_home(settings: Settings) -> list[Finding]:
    """Whether state, log and records are ours, and who may read the config."""
    home, found = settings.home, _check_readers(settings.folder)
    for name, files in _FOLDERS.items():
        found += check_owner(PROGRAM, name, home / name, files)
    if not settings.database.is_shared and Path(settings.database.name).parent != home / "state":
        file = Path(settings.database.name)
        if one := owner.stranger(file.parent, (file.name,)):
            told = owner.stranger_advice(one, file.parent)
            found.append(of_program("DATABASE", "bad", told, OwnerError.exit_code))
    return [*found, _check_room(home)]


def check_files(settings: Settings) -> list[Finding]:
    """Which config files were read, where relative paths begin, and who else may read them."""
    names = [name for name in FILES if is_there(settings.folder / name)]
    told = f"{settings.folder}: {', '.join(names)}; relative paths are taken from {settings.home}"
    return [of_program("files", "good", told), *_check_readers(settings.folder)]


def _check_room(home: Path) -> Finding:
    try:
        free = FolderDisk(home).room().bytes
    except StorageError as error:
        return of_program("disk", "bad", str(error), error.exit_code)
    told = f"{size(free)} free for state and logs"
    if free < LEAST_ROOM:
        told = f"{told}, and {size(LEAST_ROOM)} should be: make room"
        return of_program("disk", "bad", told, StorageError.exit_code)
    return of_program("disk", "good", told)


def _check_readers(folder: Path) -> list[Finding]:
    names = [name for name in FILES if is_open_to_readers(folder / name)]
    if not names or not _lets_in(folder):
        return []
    files = " ".join(shlex.quote(str(folder / name)) for name in names)
    told = f"all may read {', '.join(names)}, where passwords may stand: chmod o-r {files}"
    return [of_program("config", "odd", told)]


def _lets_in(folder: Path) -> bool:
    """Whether all get in there; a look that the disk refuses once is no reason to say nothing."""
    with suppress(OSError):
        return bool(os.stat(folder).st_mode & 0o001)
    return True
