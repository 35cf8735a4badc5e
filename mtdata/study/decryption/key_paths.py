"""How the file of a key is called in a fault; it opens none.

What stands in the place of a key file's name, and is the name of no file, may be a passphrase.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from mtdata.core.disclosure import is_broken, is_key_itself, is_near

USUAL = {".pem", ".key", ".der", ".p8", ".pk8", ".pkcs8", ".p12", ".ppk", ".txt", ".asc", ".rsa"}
"""How the names of key files end."""


def shown_path(path: Path) -> str:
    """The path as far as it is known: a name that is there, usual for a key, or near to one."""
    if _is_name(path):
        return str(path)
    known = next((one for one in path.parents if os.path.lexists(one)), Path("/"))
    rest = str(path.relative_to(known))
    return f"{known}/(a name of {len(rest)} characters)"


def shown_name(path: Path) -> str:
    """The name of the file alone, where it is known; else how long it is."""
    return path.name if _is_name(path) else f"(a name of {len(path.name)} characters)"


def _is_name(path: Path) -> bool:
    if is_broken(str(path)) or is_key_itself(str(path)):
        return False
    if path.suffix.casefold() in USUAL or os.path.lexists(path):
        return True
    return is_near(path.name, _names(path.parent))


def _names(folder: Path) -> list[str]:
    with suppress(OSError):
        return os.listdir(folder)
    return []
