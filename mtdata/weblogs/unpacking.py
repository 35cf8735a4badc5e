"""From the stored bytes of a log to its plain ones, a piece at a time; nothing is written down.

How an object is packed is seen by its first bytes, never by its name.  Of what is packed in several
members one after another all are read.  Memory holds a piece, never what a bomb unpacks to.
"""

from __future__ import annotations

import bz2
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import zstandard

from mtdata.core.border import Border
from mtdata.weblogs.source import RawLog
from mtdata.weblogs.source_errors import OversizedLog, TruncatedLog, UnreadableLog
from mtdata.weblogs.zip_members import zip_members

PIECE = 1 << 16
"""Plain bytes of a piece, at most."""
READ = 1 << 16
ZSTD_READ = 1 << 10
"""So many bytes of zstd become 32 MiB at most: one block of 128 KiB takes 4."""
ZSTD_WINDOW = 1 << 27
"""Bytes; the zstd program, too, refuses what needs more unless it is told."""
_DAMAGED = Border(UnreadableLog, "what is packed there is damaged")
_MAGIC = {
    b"\x1f\x8b": "gz",
    b"BZh": "bz2",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    **{bytes([0x50 + low, 0x2A, 0x4D, 0x18]): "zstd" for low in range(16)},  # skippable frames
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x1f\x9d": "compress (.Z)",
    b"PAR1": "parquet",
}
LONGEST_MAGIC = max(map(len, _MAGIC))


@dataclass(frozen=True, slots=True)
class LogLimits:
    """What one object may hold: `plain_bytes` unpacked, `ratio` times what it has packed.

    The ratio counts from `free_bytes` on.  A line of more than `line` bytes, its end counted, is
    left out (at least PIECE); a zip has at most `members`.
    """

    plain_bytes: int = 64 << 30
    ratio: int = 500
    free_bytes: int = 64 << 20
    line: int = 1 << 20
    members: int = 10_000


class PlainPiece(NamedTuple):
    """At most PIECE plain bytes; `member` counts the members of a zip from 0."""

    member: int
    content: bytes


class Readable(Protocol):
    """What gives its next bytes, at most so many, and none only at its end."""

    def read(self, length: int, /) -> bytes:
        """The next bytes."""
        ...


class _TakenFrom:
    """A source that counts what was taken from it, and gives back what was only looked at."""

    def __init__(self, raw: RawLog) -> None:
        self.taken, self._raw, self.size = 0, raw, raw.size

    def read(self, length: int) -> bytes:
        piece = self._raw.read(length)
        self.taken += len(piece)
        return piece

    def read_at(self, start: int, length: int) -> bytes:
        piece = self._raw.read_at(start, length)
        self.taken += len(piece)
        return piece


class _Looked:
    """A source whose first bytes were looked at."""

    def __init__(self, source: Readable) -> None:
        self.head, self._source = b"", source
        while len(self.head) < LONGEST_MAGIC and (piece := source.read(READ)):
            self.head += piece
        self.kind = packing_of(self.head)

    def read(self, length: int) -> bytes:
        if not self.head:
            return self._source.read(length)
        piece, self.head = self.head[:length], self.head[length:]
        return piece


def packing_of(head: bytes) -> str:
    """How something is packed by its first bytes, 'plain' when it is not."""
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "plain")


def plain_pieces(raw: RawLog, limits: LogLimits | None = None) -> Iterator[PlainPiece]:
    """The plain bytes of an object, in order.

    TruncatedLog, OversizedLog or UnreadableLog behind what could be read; errors of the source as
    they are.
    """
    limits = limits or LogLimits()
    counted, total = _TakenFrom(raw), 0
    for piece in _pieces(counted, limits):
        total += len(piece.content)
        _check_size(total, counted.taken, limits)
        yield piece


def _check_size(total: int, taken: int, limits: LogLimits) -> None:
    if total > limits.plain_bytes:
        raise OversizedLog(f"it unpacks to more than {limits.plain_bytes:,} bytes (max_log_mb)")
    if total > max(limits.free_bytes, limits.ratio * taken):
        told = f"it unpacks to more than {limits.ratio} times its size"
        raise OversizedLog(f"{told} (max_ratio): is it a bomb?")


def _pieces(raw: _TakenFrom, limits: LogLimits) -> Iterator[PlainPiece]:
    looked = _Looked(raw)
    if looked.kind != "zip":
        yield from (PlainPiece(0, content) for content in _unpacked(looked))
        return
    for number, member in enumerate(zip_members(raw, limits.members)):
        inner = _Looked(member)
        if inner.kind == "zip":
            raise UnreadableLog(f"member {number + 1} of the zip is a zip itself")
        yield from (PlainPiece(number, content) for content in _unpacked(inner))


def _unpacked(source: _Looked) -> Iterator[bytes]:
    if source.kind == "plain":
        while piece := source.read(PIECE):
            yield piece
    elif source.kind in _UNPACKERS:
        yield from _streams(source, _UNPACKERS[source.kind])
    else:
        raise UnreadableLog(f"it is packed as {source.kind}: allowed are gz, bz2, zip, zstd, plain")


class _Unpacker(ABC):
    """One packed stream, by the object of its library."""

    read_size, padding = READ, b""
    _unpacker: Any

    @property
    def eof(self) -> bool:
        return bool(self._unpacker.eof)

    @property
    def unused(self) -> bytes:
        """What came behind its end, once `eof`."""
        return bytes(self._unpacker.unused_data)

    @abstractmethod
    def feed(self, packed: bytes) -> Iterator[bytes]: ...


def _streams(source: Readable, begin: Callable[[], _Unpacker]) -> Iterator[bytes]:
    """All that stands in streams one after another."""
    unpacker = begin()
    packed = source.read(unpacker.read_size)
    while packed:
        while not unpacker.eof:
            yield from unpacker.feed(packed)
            if not unpacker.eof and not (packed := source.read(unpacker.read_size)):
                raise TruncatedLog("it breaks off in the middle of what is packed")
        packed = unpacker.unused.lstrip(unpacker.padding)
        while not packed and (more := source.read(unpacker.read_size)):
            packed = more.lstrip(unpacker.padding)
        unpacker = begin()


class _Gz(_Unpacker):
    """A member of gz; between members zeros may stand, which tapes left."""

    padding = b"\0"

    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj(wbits=31)

    def feed(self, packed: bytes) -> Iterator[bytes]:
        while True:
            with _DAMAGED:
                plain = self._unpacker.decompress(packed, PIECE)
            if plain:
                yield plain
            packed = self._unpacker.unconsumed_tail
            if self.eof or not (packed or len(plain) == PIECE):
                return


class _Bz2(_Unpacker):
    """A stream of bz2."""

    def __init__(self) -> None:
        self._unpacker = bz2.BZ2Decompressor()

    def feed(self, packed: bytes) -> Iterator[bytes]:
        while True:
            with _DAMAGED:
                plain = self._unpacker.decompress(packed, PIECE)
            if plain:
                yield plain
            packed = b""
            if self.eof or self._unpacker.needs_input:
                return


class _Zstd(_Unpacker):
    """A frame of zstd, fed so little at a time that what it gives at once stays small."""

    read_size = ZSTD_READ

    def __init__(self) -> None:
        with _DAMAGED:
            opened = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
            self._unpacker = opened.decompressobj()

    def feed(self, packed: bytes) -> Iterator[bytes]:
        with _DAMAGED:
            plain = self._unpacker.decompress(packed)
        for start in range(0, len(plain), PIECE):
            yield plain[start : start + PIECE]


_UNPACKERS: dict[str, Callable[[], _Unpacker]] = {"gz": _Gz, "bz2": _Bz2, "zstd": _Zstd}
