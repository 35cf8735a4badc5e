"""Several files as one zip, made while it goes out: no more than a piece of it is in memory."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from pathlib import PurePosixPath
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

LARGE = 1 << 30
MODE = 0o600


class Member(NamedTuple):
    """One file of it; `size` in bytes as far as it is known."""

    name: str
    at: datetime
    size: int | None
    pieces: Iterator[bytes]


class _Sink:
    """What zipfile writes into; it cannot be sought in, so nothing written is changed later."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, content: bytes) -> int:
        self._written.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Do nothing: no byte waits here."""

    def drain(self) -> bytes:
        found, self._written = b"".join(self._written), []
        return found


def zipped(members: Iterable[Member]) -> Generator[bytes]:
    """The zip, piece by piece; where a member raises, no directory follows and it is none."""
    sink = _Sink()
    with ZipFile(sink, "w", ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for member in members:
            info = ZipInfo(member.name, member.at.timetuple()[:6])
            info.compress_type, info.external_attr = ZIP_DEFLATED, MODE << 16
            large = member.size is None or member.size > LARGE
            with archive.open(info, "w", force_zip64=large) as file:
                for piece in member.pieces:
                    file.write(piece)
                    if made := sink.drain():
                        yield made
    yield sink.drain()


def names_of(names: Iterable[str]) -> list[str]:
    """Each name once: one that comes again gets a number before its ending."""
    found: dict[str, None] = {}
    for name in names:
        path, number, one = PurePosixPath(name), 1, name
        while one in found:
            number += 1
            one = f"{path.stem}_{number}{path.suffix}"
        found[one] = None
    return list(found)
