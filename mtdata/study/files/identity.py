"""Where a pool's identity stands: in a marker file of the pool, and in the program's state folder.

What is no JSON of ours counts as not there.
"""

from __future__ import annotations

import json
from secrets import token_hex
from typing import Any, NamedTuple

from mtdata.core.errors import StorageError
from mtdata.core.pool_files import MARKER
from mtdata.core.ports import Disk
from mtdata.study.files import json_of

NOTE = "MTData knows this pool by this file: leave it here, and copy it along with the pool."
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
FORMAT = 1
"""Of the pool as a whole; who meets a higher one does nothing there."""
_MOST = 1 << 20
_FOREIGN = (ValueError, TypeError, KeyError, AttributeError)


class PoolNewer(StorageError):
    """The pool is that of a newer program, which alone can go on with it; it is left alone."""


class Identity(NamedTuple):
    """What a pool says of itself: its own sign, NAME and SERVER of its site, and its age.

    The age counts the rounds that changed it, so that an older copy is known as one.
    """

    sign: str
    name: str
    server: str
    age: int


class Remembered(NamedTuple):
    """What was known of the pool at a path; sign '' is one that is yet to be begun there."""

    sign: str
    device: int
    age: int


def differs(theirs: Identity, name: str, server: str) -> str:
    """Which of NAME and SERVER is another than the pool's, in words; '' for neither.

    What is empty on one side is not compared.
    """
    told = []
    if theirs.name and theirs.name.casefold() != name.casefold():
        told.append(f"NAME {theirs.name}, and the config says {name}")
    if theirs.server and server and address_of(theirs.server) != address_of(server):
        told.append(f"SERVER {theirs.server}, and the config says {server}")
    return "; ".join(told)


def address_of(server: str) -> str:
    """What of SERVER tells one study from another: host, port and path, not http or https."""
    scheme, _, rest = server.partition("://")
    host, slash, path = rest.partition("/")
    return host.lower().removesuffix(DEFAULT_PORTS.get(scheme, "")) + slash + path


def new_identity(name: str, server: str) -> Identity:
    """That of a pool which has none yet."""
    return Identity(token_hex(16), name, server, 0)


def identity_of(disk: Disk) -> Identity | None:
    """What the marker of a pool says.  PoolNewer where a newer program wrote it."""
    found = json_of(disk, MARKER, _MOST)
    try:
        if (form := int(found.get("format", FORMAT))) > FORMAT:
            raise PoolNewer(
                f"{MARKER} says that the pool has format {form}, and this program knows {FORMAT}: "
                "use the program that made it. Nothing was made, collected or deleted"
            )
        sign, name, server = (str(found[key]) for key in ("pool", "name", "server"))
        return Identity(sign, name, server, int(found["age"]))
    except _FOREIGN:
        return None


def write_identity(disk: Disk, known: Identity) -> None:
    """Write the marker of a pool anew."""
    sign, name, server, age = known
    shown = {"pool": sign, "name": name, "server": server, "age": age, "format": FORMAT}
    _write(disk, MARKER, {**shown, "": NOTE})


def remembered(disk: Disk, name: str) -> dict[str, Remembered]:
    """What the state folder has of the pools of a site, by path."""
    found = json_of(disk, _file(name), _MOST)
    try:
        return {
            str(path): Remembered(str(one["pool"]), int(one["device"]), int(one["age"]))
            for path, one in found.items()
        }
    except _FOREIGN:
        return {}


def remember(disk: Disk, name: str, known: dict[str, Remembered]) -> None:
    """Write down what is known of the pools of a site."""
    shown = {p: {"pool": k.sign, "device": k.device, "age": k.age} for p, k in known.items()}
    _write(disk, _file(name), shown)


def _file(name: str) -> str:
    return f"pool-{name}.json"


def _write(disk: Disk, path: str, shown: dict[str, Any]) -> None:
    text = json.dumps(shown, indent=1, ensure_ascii=False)
    disk.replace(path, f"{text}\n".encode())
