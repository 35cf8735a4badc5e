"""What a backup holds, as its manifest says it: every file with its digest.  It opens no file."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from mtdata.core.errors import StorageError

FORMAT = 1
TEXTS = ("made_at", "program", "host", "home")
KINDS = ("config", "keys", "records", "state", "pool")
"""Parts in the order in which they are put back: a state without its pools is refused by rounds,
and a pool without its state is not remembered."""
_ODD = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class BackupFault(StorageError):
    """A backup is not there, was never finished, or is not as it was made (74)."""


class BackedUpFile(NamedTuple):
    """One file: its path below the place of its part, the SHA-256 of its bytes, how many."""

    path: str
    sha256: str
    size: int


class BackupPart(NamedTuple):
    """What lies in one folder: `kind` is state, records, config, keys or pool.

    `name` is that of a pool's site; `place` is where the folder was: below the home, or absolute.
    `told` says what was not as it should be when it was read.
    """

    kind: str
    name: str
    place: str
    files: tuple[BackedUpFile, ...]
    told: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)

    @property
    def title(self) -> str:
        """Such as `pool mysite`."""
        return f"{self.kind} {self.name}".strip()


class BackupManifest(NamedTuple):
    """One backup: when and by which program it was made, of which home, and its parts."""

    made_at: str
    program: str
    host: str
    home: str
    parts: tuple[BackupPart, ...]
    told: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """As it is kept."""
        parts = [one._asdict() for one in self.parts]
        text = json.dumps({"format": FORMAT, **self._asdict(), "parts": parts})
        return f"{text}\n".encode()


def manifest_of(content: bytes) -> BackupManifest:
    """The manifest that these bytes say.  BackupFault for what is none, or of a newer program."""
    try:
        found = json.loads(content)
        refuse_newer(found)
        parts = tuple(map(_part, found["parts"]))
        made_at, program, host, home = (str(found[key]) for key in TEXTS)
        return BackupManifest(made_at, program, host, home, parts, tuple(map(str, found["told"])))
    except _ODD as error:
        raise BackupFault(f"the manifest cannot be read ({type(error).__name__})") from None


def refuse_newer(found: dict[str, Any]) -> None:
    """BackupFault for what a newer program wrote."""
    if int(found["format"]) > FORMAT:
        raise BackupFault(
            f"the backup has format {int(found['format'])}, and this program reads up to {FORMAT}: "
            "restore it by the program that made it, or a newer one. Nothing was written"
        )


def _part(found: dict[str, Any]) -> BackupPart:
    """One part; ValueError for one that no program of ours makes, or that leads elsewhere."""
    kind, name, place = (str(found[key]) for key in ("kind", "name", "place"))
    if kind not in KINDS or "/" in name or (name in ("", ".", "..") and kind == "pool"):
        raise ValueError("no part of a backup")
    if ".." in place.split("/") or "\0" in name + place:
        raise ValueError("a part leads out of the home")
    files = tuple(_file(*one) for one in found["files"])
    told = tuple(map(str, found["told"]))
    return BackupPart(kind, name, place, files, told)


def _file(path: str, sha256: str, size: int) -> BackedUpFile:
    """One line of it; ValueError for a path that leads out of its folder."""
    if not set(path.split("/")).isdisjoint({"", ".", ".."}) or "\0" in path:
        raise ValueError("a path leads out of the backup")
    if len(bytes.fromhex(sha256)) != 32 or not isinstance(size, int) or size < 0:
        raise ValueError("no digest, or no size")
    return BackedUpFile(path, sha256, size)
