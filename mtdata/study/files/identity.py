"""Where a pool's identity stands: in a marker file of the pool, and in the program's state folder.

What is no JSON of ours counts as not there.
"""

from __future__ import annotations

import json
from secrets import token_hex
from typing import Any

from mtdata.core.pool_files import MARKER
from mtdata.core.ports import Disk
from mtdata.study.model.identity import Identity, Remembered

NOTE = "MTData knows this pool by this file: leave it here, and copy it along with the pool."
_MOST = 1 << 20
_FOREIGN = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def new_identity(name: str, server: str) -> Identity:
    """That of a pool which has none yet."""
    return Identity(token_hex(16), name, server, 0)


def identity_of(disk: Disk) -> Identity | None:
    """What the marker of a pool says."""
    found = _json(disk, MARKER)
    try:
        sign, name, server = (str(found[key]) for key in ("pool", "name", "server"))
        return Identity(sign, name, server, int(found["age"]))
    except _FOREIGN:
        return None


def write_identity(disk: Disk, known: Identity) -> None:
    """Write the marker of a pool anew."""
    sign, name, server, age = known
    _write(disk, MARKER, {"pool": sign, "name": name, "server": server, "age": age, "": NOTE})


def remembered(disk: Disk, name: str) -> dict[str, Remembered]:
    """What the state folder has of the pools of a site, by path."""
    found = _json(disk, _file(name))
    try:
        return {
            str(path): Remembered(str(one["pool"]), int(one["device"]), int(one["age"]))
            for path, one in found.items()
        }
    except _FOREIGN:
        return {}


def remember(disk: Disk, name: str, known: dict[str, Remembered]) -> None:
    """Write down what is known of the pools of a site."""
    shown = {
        path: {"pool": one.sign, "device": one.device, "age": one.age}
        for path, one in known.items()
    }
    _write(disk, _file(name), shown)


def _file(name: str) -> str:
    return f"pool-{name}.json"


def _json(disk: Disk, path: str) -> Any:
    if disk.size(path) is None:
        return {}
    try:
        return json.loads(disk.read(path, 0, _MOST))
    except _FOREIGN:
        return {}


def _write(disk: Disk, path: str, shown: dict[str, Any]) -> None:
    text = json.dumps(shown, indent=1, ensure_ascii=False)
    disk.replace(path, f"{text}\n".encode())
