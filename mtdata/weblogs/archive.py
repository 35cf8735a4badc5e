"""A zip made a piece at a time, the same bytes for the same members; it touches no file."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mtdata.weblogs.source import LogObject

PIECE = 1 << 18
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_READABLE = 0o100600 << 16
_ODD = re.compile(r"[^A-Za-z0-9._-]")
_PACKED = re.compile(r"\.(gz|bz2|zip|zst|zstd)\Z", re.IGNORECASE)
_LONGEST = 80


class MemberPiece(NamedTuple):
    """Bytes of the member of that name; those of one member come one after another."""

    name: str
    content: bytes


class _ZipSink:
    """Takes what `zipfile` writes; without a place to seek it writes straight on."""

    def __init__(self) -> None:
        self.held = bytearray()

    def write(self, content: bytes) -> int:
        self.held += content
        return len(content)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """What is held stays."""

    def take_held(self) -> bytes:
        content = bytes(self.held)
        self.held.clear()
        return content


def member_name(number: int, listed: LogObject, part: int) -> str:
    """What a log is called in the archive: safe on every disk, and sorted as the keys are.

    `number` counts the logs from 1, `part` the members of one that was a zip from 0.
    """
    tail = _PACKED.sub("", _ODD.sub("_", listed.key.rpartition("/")[2]))[-_LONGEST:]
    return f"{number:06d}.{part:04d}-{tail or 'log'}"


def zipped(pieces: Iterable[MemberPiece]) -> Iterator[bytes]:
    """The bytes of a zip of these members, deflated; members need no length beforehand."""
    sink = _ZipSink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        yield from _members(archive, sink, pieces)
    yield sink.take_held()


def _members(
    archive: zipfile.ZipFile, sink: _ZipSink, pieces: Iterable[MemberPiece]
) -> Iterator[bytes]:
    member, name = None, ""
    try:
        for piece in pieces:
            if member is None or piece.name != name:
                if member is not None:
                    member.close()
                name = piece.name
                member = archive.open(_described(name), "w", force_zip64=True)
            member.write(piece.content)
            if len(sink.held) >= PIECE:
                yield sink.take_held()
    finally:
        if member is not None:
            member.close()


def _described(name: str) -> zipfile.ZipInfo:
    described = zipfile.ZipInfo(name, _FIXED_TIME)
    described.compress_type = zipfile.ZIP_DEFLATED
    described.create_system, described.external_attr = _UNIX, _READABLE
    return described
