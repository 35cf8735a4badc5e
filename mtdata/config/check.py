"""What `mtdata check` looks at of the program itself: its folders, who reads its config."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from mtdata.config.hands import is_open_to_readers
from mtdata.config.loading import FILES
from mtdata.config.settings import Settings
from mtdata.core import owner
from mtdata.core.checks import PROGRAM, Finding, of_program
from mtdata.core.errors import OwnerError
from mtdata.core.ownership import name_of


def check_owner(site: str, what: str, folder: Path, names: Iterable[str] = ()) -> list[Finding]:
    """Whether all that is in a folder is ours; nothing is said where it is."""
    if found := owner.stranger(folder, names):
        return [
            Finding(site, what, "bad", owner.stranger_advice(found, folder), OwnerError.exit_code)
        ]
    others = owner.within(folder)
    if not others:
        return []
    one = others[0]
    told = (
        f"{len(others)} files in {folder} belong to somebody else, such as {one.path} "
        f"({name_of(one.uid)}): {owner.chown(folder)}"
    )
    return [Finding(site, what, "bad", told, OwnerError.exit_code)]


def is_stranger(settings: Settings) -> bool:
    """Whether the program's own folders are not ours: nothing may be written there."""
    home = settings.home
    folders = ((home / "state", owner.STATE), (home / "logs", owner.LOGS))
    return any(owner.stranger(folder, names) for folder, names in folders)


def check_home(settings: Settings) -> list[Finding]:
    """Whether state, log and records are ours, and who may read the config."""
    home, found = settings.home, _check_readers(settings.folder)
    found += check_owner(PROGRAM, "state", home / "state", owner.STATE)
    found += check_owner(PROGRAM, "logs", home / "logs", owner.LOGS)
    if not settings.database.is_shared and Path(settings.database.name).parent != home / "state":
        file = Path(settings.database.name)
        if one := owner.stranger(file.parent, (file.name,)):
            told = owner.stranger_advice(one, file.parent)
            found.append(of_program("DATABASE", "bad", told, OwnerError.exit_code))
    return found


def _check_readers(folder: Path) -> list[Finding]:
    names = [name for name in FILES if is_open_to_readers(folder / name)]
    if not names or not folder.stat().st_mode & 0o001:  # nobody else gets in there
        return []
    files = " ".join(shlex.quote(str(folder / name)) for name in names)
    told = f"all may read {', '.join(names)}, where passwords may stand: chmod o-r {files}"
    return [of_program("config", "odd", told)]
