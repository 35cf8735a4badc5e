"""What stands in an archive of a day's logs, as JSON beside it; it reaches no bucket."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from mtdata.core.border import Border
from mtdata.core.errors import OutputRefused

FORM = 1
MOST_BYTES = 256 << 20
_READ = Border(OutputRefused, "it is no manifest of ours; move it and its archive away")


@dataclass(frozen=True, slots=True)
class ArchivedLog:
    """One log of an archive: `bytes` and `sha256` (hex) are of its plain content.

    `etag` and `size` are those of the object that it was; `members` its names in the zip.
    """

    key: str
    etag: str
    size: int
    modified: str
    lines: int
    hits: int
    bytes: int
    sha256: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """An archive: its name, length in bytes, SHA-256 (hex), and the logs in the order of keys."""

    site: str
    day: date
    archive: str
    size: int
    sha256: str
    files: tuple[ArchivedLog, ...]

    def holds(self, key: str, digest: str) -> bool:
        """Whether a log of that key with that plain content (SHA-256, hex) is in there."""
        return any(one.key == key and one.sha256 == digest for one in self.files)


def written(manifest: Manifest) -> bytes:
    """The manifest as JSON, the same bytes for the same content."""
    told = {
        **asdict(manifest),
        "form": FORM,
        "day": manifest.day.isoformat(),
        "lines": sum(one.lines for one in manifest.files),
        "hits": sum(one.hits for one in manifest.files),
    }
    return json.dumps(told, indent=1, sort_keys=True).encode() + b"\n"


def manifest_from(pieces: Iterable[bytes]) -> Manifest:
    """A manifest as `written`.  OutputRefused for anything else."""
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > MOST_BYTES:
            raise OutputRefused("it is too long for a manifest of ours; move it away")
    with _READ:
        told = json.loads(bytes(content))
        if told["form"] != FORM:
            raise OutputRefused("it is a manifest of another form; move it and its archive away")
        names = ArchivedLog.__dataclass_fields__
        files = tuple(
            ArchivedLog(**{**{name: one[name] for name in names}, "members": tuple(one["members"])})
            for one in told["files"]
        )
        return Manifest(
            site=str(told["site"]),
            day=date.fromisoformat(told["day"]),
            archive=str(told["archive"]),
            size=int(told["size"]),
            sha256=str(told["sha256"]),
            files=files,
        )
