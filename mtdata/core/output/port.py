"""What every place for exported files promises; it puts nothing anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from mtdata.core.errors import NameRefused

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}){0,3}")


class FileFacts(NamedTuple):
    """What is known of a whole file before it goes out."""

    size: int
    sha256: str
    rows: int


class Staged(NamedTuple):
    """A file that is there whole and has no name yet; `ticket` is the place's own business."""

    name: str
    facts: FileFacts
    ticket: Any


class Output(Protocol):
    """A place for files; names are ours, with '/' between folders."""

    place: str

    def size(self, name: str) -> int | None:
        """How long the file of that name is; None when there is none."""
        ...

    def stage(self, name: str, spooled: Path, facts: FileFacts, tag: str) -> Staged:
        """Bring all bytes of a file there, under no name yet; the long part of the way.

        `tag` sets apart attempts at one name.  OutputError when it did not go well; nothing is
        left then, and what stands under the name stands there still.
        """
        ...

    def stage_pieces(self, name: str, pieces: Iterable[bytes], tag: str) -> Staged:
        """Bring bytes there, at least one, whose digest nobody knows before they end, as `stage`.

        What `pieces` raises goes through, and nothing is left then.
        """
        ...

    def publish(self, staged: Staged) -> str:
        """Give it its name, in place of what stood there; where it is now.  Quick."""
        ...

    def drop(self, name: str) -> None:
        """Leave nothing of what was ever staged for that name and got none."""
        ...

    def sha256(self, name: str) -> str:
        """The digest of a file; '' when there is none, or somebody else put it there."""
        ...

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a file, a piece at a time.  OutputError when it cannot be read."""
        ...

    def remove(self, name: str) -> None:
        """See to it that there is none of that name."""
        ...

    def link(self, name: str, disposition: str, for_s: int) -> str | None:
        """An address that gives the file to anybody for so long; None where there is none.

        `disposition` is the header Content-Disposition of what comes.
        """
        ...

    def close(self) -> None:
        """Close what connections the output holds."""
        ...


class CountedPieces:
    """Pieces on their way; behind the last of them `facts` are known."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._size, self._digest = pieces, 0, sha256()

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._size += len(piece)
            self._digest.update(piece)
            yield piece

    @property
    def facts(self) -> FileFacts:
        """Of all that came by, without rows."""
        return FileFacts(self._size, self._digest.hexdigest(), 0)


def digest_of(pieces: Iterable[bytes]) -> str:
    """SHA-256 of all of them, in hex."""
    digest = sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def checked_name(name: str) -> str:
    """The name, which cannot lead out of the place.  NameRefused for any other."""
    if not _NAME.fullmatch(name):
        raise NameRefused(f"{name[:80]!a} is no name for an exported file")
    return name
