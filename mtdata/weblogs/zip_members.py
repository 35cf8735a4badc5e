"""The members of a zip one after another, read by stretches of it; their names are never used."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import closing
from typing import IO

from mtdata.core.border import Border
from mtdata.weblogs.source import RawLog
from mtdata.weblogs.source_errors import OversizedLog, TruncatedLog, UnreadableLog

MOST_AT_ONCE = 8 << 20
"""Bytes of the zip that are read at once: its list of members may not be longer."""
_ENCRYPTED = 0x1
_METHODS = {
    1: "shrink",
    6: "implode",
    9: "deflate64",
    12: "bzip2",
    14: "lzma",
    93: "zstd",
    95: "xz",
}
_LISTED = Border(UnreadableLog, "the list of the zip's members cannot be read")
_UNPACKED = Border(UnreadableLog, "a member of the zip cannot be read")


class _Seekable(io.RawIOBase):
    """An object as the file that `zipfile` wants."""

    def __init__(self, raw: RawLog) -> None:
        self._raw, self._at = raw, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._raw.size}[whence]
        if origin + offset < 0:
            raise OSError("there is no byte before the first")
        self._at = origin + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._raw.size - self._at)
        length = left if size is None or size < 0 else min(size, left)
        if length > MOST_AT_ONCE:
            raise OversizedLog("the list of the zip's members is too long")
        piece = self._raw.read_at(self._at, length)
        self._at += len(piece)
        return piece


class _Member:
    """What one member holds, by pieces."""

    def __init__(self, opened: IO[bytes]) -> None:
        self._opened = opened

    def read(self, length: int) -> bytes:
        with _UNPACKED:
            return self._opened.read(length)


def zip_members(raw: RawLog, most: int) -> Iterator[_Member]:
    """Each member in the order of the zip's list; read one to its end before the next.

    TruncatedLog when the list, which stands at the end, is not there; OversizedLog for more than
    `most`; UnreadableLog for a member that is damaged, behind a password, or packed otherwise than
    stored or deflated.
    """
    with _LISTED:
        archive = _opened(raw)
        members = [one for one in archive.infolist() if not one.is_dir()]
    if len(members) > most:
        raise OversizedLog(f"the zip has {len(members):,} members, and {most:,} are allowed")
    for number, member in enumerate(members, 1):
        _check_packing(member, number)
        with _UNPACKED:
            opened = archive.open(member)
        with closing(opened):
            yield _Member(opened)


def _opened(raw: RawLog) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(_Seekable(raw))
    except zipfile.BadZipFile:
        raise TruncatedLog("the zip has no list of members at its end: it breaks off") from None


def _check_packing(member: zipfile.ZipInfo, number: int) -> None:
    if member.flag_bits & _ENCRYPTED:
        raise UnreadableLog(f"member {number} of the zip is behind a password")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        told = _METHODS.get(member.compress_type, f"method {member.compress_type}")
        raise UnreadableLog(
            f"member {number} of the zip is packed by {told}: allowed are stored and deflate"
        )
