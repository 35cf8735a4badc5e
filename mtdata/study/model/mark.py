"""What the ledger knows of a file, and where a finding leads; pure."""

from __future__ import annotations

from enum import Enum
from hashlib import sha256
from typing import NamedTuple

FORM, FORMS = 2, (2, 1)
"""How a sheet words its cells (row.py): that of today, and all, the newest first."""


class FileMark(NamedTuple):
    """A file of the pool up to the byte that was last committed.

    `kind` is raw, sheet or held; `mode` is grow (appended to) or whole (replaced).  `length` and
    `digest` speak of the file without what closes it.  `writing` tells that a round has it in
    hand: bytes behind `length` are then our own unfinished ones.  `form` is that of all rows of a
    sheet, and says nothing of another file.
    """

    number: int
    kind: str
    scale: str
    day: str
    part: int
    path: str
    mode: str
    length: int = 0
    digest: bytes = sha256(b"").digest()
    columns: tuple[str, ...] = ()
    writing: bool = False
    form: int = FORM


class FileFinding(Enum):
    """How a file stands to its mark."""

    SOUND = "sound"
    UNFINISHED = "unfinished"
    UNBORN = "unborn"
    MISSING = "missing"
    CHANGED = "changed"


def finding(
    mark: FileMark, size: int | None, prefix: bytes, tail: bytes, closing: bytes
) -> FileFinding:
    """Judge a file: `prefix` is the digest of its first `length` bytes, `tail` what follows."""
    if size is None:
        return FileFinding.MISSING if mark.length else FileFinding.UNBORN
    if mark.length == 0 and mark.writing:
        return FileFinding.UNFINISHED
    if size < mark.length or prefix != mark.digest:
        return FileFinding.CHANGED
    if tail == closing:
        return FileFinding.SOUND
    return FileFinding.UNFINISHED if mark.writing else FileFinding.CHANGED
