"""The date and time formats that a pool's files were ever named by, kept beside its ledger.

The ledger knows every file by its path, so this is read only where the ledger knows nothing.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from mtdata.core.pool_files import FORMATS
from mtdata.core.ports import Disk


class Formats(NamedTuple):
    """How the config words a day and a time of day in the names of files, as strftime does."""

    date: str
    time: str


DEFAULT = Formats("%b_%d_%Y", "%H_%M_%S")
"""That of the original program; never written down, since it is always tried."""


def formats_of(disk: Disk, now: Formats) -> list[Formats]:
    """Every format that a file may be named by: that of today first, the defaults last."""
    return list(dict.fromkeys([now, *_read_formats(disk), DEFAULT]))


def keep_format(disk: Disk, now: Formats) -> None:
    """Write down that files are named so from now on; the list lies there as long as the pool."""
    kept = _read_formats(disk)
    if now != DEFAULT and now not in kept:
        text = json.dumps([*kept, now], indent=1)
        disk.replace(FORMATS, f"{text}\n".encode())


def _read_formats(disk: Disk) -> list[Formats]:
    size = disk.size(FORMATS)
    if size is None:
        return []
    try:
        found = json.loads(disk.read(FORMATS, 0, size))
        return [Formats(str(date), str(time)) for date, time in found]
    except (ValueError, TypeError, RecursionError):
        return []  # somebody wrote into it: the formats of today and the defaults are tried
