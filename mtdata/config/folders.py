"""Where the config is looked for, and which folder its relative paths begin at; it only looks.

A folder that is named (--config, MTDATA_CONFIG) is taken as it is, and no other is looked at:
whoever names one does not want to collect, and delete, by another.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mtdata.core.errors import ConfigError
from mtdata.core.owner import LOGS, STATE
from mtdata.core.pool_files import LEDGER_FILE

FILES = tuple(
    f"{name}.config" for name in "server recovery log daemon programme export weblogs".split()
)
"""What is read in a config folder, where it is there."""
HERE = Path("config")
"""Where one stands: the first place, and where `mtdata init` makes a sample."""
SYSTEM, SYSTEM_HOME = Path("/etc/mtdata"), Path("/var/lib/mtdata")
_OF_A_HOME = {"state": STATE, "logs": LOGS, "keys": ("receipts_ed25519.pem",)}
_TRACES = (f"*/{LEDGER_FILE}", f"data/*/{LEDGER_FILE}", "state/place-*")
"""What the program makes below the folder where relative paths begin."""


class FoundFolder(NamedTuple):
    """The folder whose config holds, and others that have one as well, which nobody reads."""

    folder: Path
    others: tuple[Path, ...] = ()


def find_folder(environ: Mapping[str, str]) -> FoundFolder:
    """The first of the usual places that has any of our files.

    ConfigError with all the places where none has.
    """
    places = usual_folders(environ)
    there = [place for place in places if has_config(place)]
    if not there:
        looked = ", ".join(os.path.abspath(place) for place in places)
        raise ConfigError(
            f"there is no config: none of {', '.join(FILES)} is in any of {looked}. Nothing was "
            f"done. `mtdata init` makes a sample in {os.path.abspath(HERE)}; --config DIR or "
            "MTDATA_CONFIG names another folder"
        )
    return FoundFolder(there[0], tuple(there[1:]))


def usual_folders(environ: Mapping[str, str]) -> list[Path]:
    """Where a config is looked for that is not named, in that order, each folder once."""
    own = _base(environ, "XDG_CONFIG_HOME", ".config")
    places = [HERE, *([own / "mtdata"] if own else []), SYSTEM]
    known: dict[str, Path] = {}
    for place in places:
        known.setdefault(os.path.realpath(place), place)
    return list(known.values())


def has_config(folder: Path) -> bool:
    """Whether any of our files is there, or may be: what is hidden from us counts as there."""
    return any(is_there(folder / name) for name in FILES)


def home_folder(folder: Path, environ: Mapping[str, str]) -> Path:
    """From where relative paths of that config are taken; state, logs and keys lie there as well.

    It is the folder above the config.  For /etc/mtdata and ~/.config/mtdata it is where a system
    wants such files, unless the folder above was used so already.
    """
    above = folder.parent.resolve()
    usual = _usual_home(folder, environ)
    return above if usual is None or _was_used(above) else usual.resolve()


def _usual_home(folder: Path, environ: Mapping[str, str]) -> Path | None:
    own = _base(environ, "XDG_CONFIG_HOME", ".config")
    files = _base(environ, "XDG_DATA_HOME", ".local/share")
    if own and files and str(folder) == os.path.abspath(own / "mtdata"):
        return files / "mtdata"
    return SYSTEM_HOME if folder == SYSTEM else None


def _base(environ: Mapping[str, str], variable: str, otherwise: str) -> Path | None:
    """A base folder as the XDG specification has it, by which a relative one does not count."""
    if os.path.isabs(named := environ.get(variable, "")):
        return Path(named)
    home = environ.get("HOME", "")
    with suppress(KeyError):  # of a user whom the system does not know
        home = home or pwd.getpwuid(os.geteuid()).pw_dir
    return Path(home) / otherwise if os.path.isabs(home) else None


def _was_used(home: Path) -> bool:
    """Whether the program has made anything there: its own files, or a pool."""
    files = (home / place / name for place, names in _OF_A_HOME.items() for name in names)
    return any(map(is_there, files)) or any(any(home.glob(one)) for one in _TRACES)


def is_there(file: Path) -> bool:
    """Whether anything has that name; what is hidden from us counts as there."""
    try:
        os.lstat(file)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # hidden from us: reading it will say why
        return True
    return True
