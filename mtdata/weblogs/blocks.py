"""From a log's plain bytes to blocks of whole lines, numbered through all members of a zip.

A line that is longer than LogLimits.line is never held: a line that says so stands in its place,
which is of no format, and counts as one line.  Where a log was read before, it goes on exactly
behind that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from mtdata.weblogs.source import RawLog
from mtdata.weblogs.source_errors import ChangedLog, UnreadableLog
from mtdata.weblogs.unpacking import PIECE, LogLimits, plain_pieces

SIZE = 512 << 10
OVERLONG = b"(a line of more than %d bytes was left out)\n"


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a log; only the last of the object, or of a zip's member, may lack its end.

    `first_line` counts from 1, `end` is the offset behind the block in the plain bytes of the
    object, `digest` the SHA-256 of all plain bytes before it.  `overlong`: `data` is OVERLONG in
    the place of one line.  `rest_of_line`: what has come since of a line that was taken before
    without its end, and is counted there: `first_line` is that line, `lines` is 0; if nothing but
    a line end has come, that line had been whole.
    """

    first_line: int
    data: bytes
    lines: int
    end: int
    digest: bytes
    member: int
    overlong: bool = False
    rest_of_line: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """How far a log was taken: its last block's line number and `end`, and `digest`."""

    lines: int
    end: int
    digest: bytes


def blocks(
    raw: RawLog, *, size: int = SIZE, limits: LogLimits | None = None, cut: int = -1
) -> Iterator[Block]:
    """All lines of an object in blocks of about `size` bytes; one ends at the offset `cut`.

    Where it breaks off or is damaged, the whole lines before that come first, then TruncatedLog,
    OversizedLog or UnreadableLog; errors of the source as they are.
    """
    return _blocks(raw, size, limits or LogLimits(), cut=cut)


def resume(
    raw: RawLog, past: Past, *, size: int = SIZE, limits: LogLimits | None = None
) -> Iterator[Block]:
    """Give the blocks behind what was taken before; `size` may be another one than then.

    ChangedLog unless the object begins with the very bytes and lines that were taken; otherwise
    errors as of `blocks`.
    """
    if not past.end:
        yield from blocks(raw, size=size, limits=limits)
        return
    lines = 0
    is_proven = False
    for block in _blocks(raw, size, limits or LogLimits(), cut=past.end):
        if is_proven:
            yield block
            continue
        lines += block.lines
        if block.end == past.end:
            _check(block, lines, past)
            is_proven = True
    if not is_proven:
        raise ChangedLog(f"it is shorter than the {past.end:,} bytes that were taken before")


def _check(block: Block, lines: int, past: Past) -> None:
    if block.digest != past.digest:
        raise ChangedLog(f"its first {past.end:,} bytes are not those that were taken before")
    if lines != past.lines:
        told = f"its first {past.end:,} bytes are {lines:,} lines"
        raise ChangedLog(f"{told}, and were {past.lines:,} before")


def _blocks(raw: RawLog, size: int, limits: LogLimits, cut: int) -> Iterator[Block]:
    splitter = _Splitter(size, limits.line, cut)
    try:
        for member, content in plain_pieces(raw, limits):
            if member != splitter.member:
                yield from splitter.end_member(member)
            yield from splitter.split(content)
    except UnreadableLog:
        yield from splitter.whole_lines()
        raise
    yield from splitter.end_member(splitter.member)


class _Splitter:
    """Gathers pieces until there is a block; holds no more than a block and a line."""

    def __init__(self, size: int, longest: int, cut: int) -> None:
        if longest < PIECE:  # only a line that spans pieces is measured
            raise ValueError(f"a line of {PIECE} bytes must be allowed")
        self.member = 0
        self._size, self._longest, self._cut = size, longest, cut
        self._lines = self._end = 0
        self._digest = sha256()
        self._held = bytearray()
        self._whole = 0  # so many bytes of what is held are whole lines
        self._is_rest = self._is_overlong = False  # the line that is open

    def split(self, piece: bytes) -> Iterator[Block]:
        """Take a piece, at most PIECE, and give the blocks that it completes."""
        left = self._cut - self._end - len(self._held)
        if 0 < left <= len(piece):
            yield from self._take(piece[:left])
            is_open = self._is_overlong or len(self._held) > self._whole
            yield from self._all()
            self._is_rest = is_open
            piece = piece[left:]
        yield from self._take(piece)

    def whole_lines(self) -> Iterator[Block]:
        """Give the whole lines that are held; a line that is open stays."""
        if self._whole:
            data = bytes(self._held[: self._whole])
            del self._held[: self._whole]
            self._whole = 0
            yield self._block(data)

    def end_member(self, following: int) -> Iterator[Block]:
        """Give what is held: the line that is open goes no further."""
        yield from self._all()
        self._is_rest, self.member = False, following

    def _take(self, piece: bytes) -> Iterator[Block]:
        first = piece.find(b"\n") + 1
        length = first or len(piece)
        if self._is_overlong or len(self._held) - self._whole + length > self._longest:
            yield from self._leave_out(piece[:length])
        elif self._is_rest and piece:
            self._held += piece[:length]
        else:
            length = 0
        if first and length:
            yield from self._all()
        yield from self._gather(piece[length:])

    def _gather(self, piece: bytes) -> Iterator[Block]:
        last = piece.rfind(b"\n") + 1
        if last:
            self._whole = len(self._held) + last
        self._held += piece
        if len(self._held) >= self._size:
            yield from self.whole_lines()

    def _leave_out(self, piece: bytes) -> Iterator[Block]:
        """Only count and hash what is open."""
        yield from self.whole_lines()
        for part in (bytes(self._held), piece):
            self._digest.update(part)
            self._end += len(part)
        self._held.clear()
        self._is_overlong = True

    def _all(self) -> Iterator[Block]:
        if self._is_overlong:
            self._is_overlong = False
            yield self._numbered(OVERLONG % self._longest, overlong=True)
        elif self._held:
            data = bytes(self._held)
            self._held.clear()
            self._whole = 0
            yield self._block(data)

    def _block(self, data: bytes) -> Block:
        self._digest.update(data)
        self._end += len(data)
        return self._numbered(data)

    def _numbered(self, data: bytes, *, overlong: bool = False) -> Block:
        is_rest, self._is_rest = self._is_rest, False
        lines = 0 if is_rest else data.count(b"\n") + (not data.endswith(b"\n"))
        first = self._lines + (not is_rest)
        self._lines += lines
        return Block(
            first_line=first,
            data=data,
            lines=lines,
            end=self._end,
            digest=self._digest.digest(),
            member=self.member,
            overlong=overlong,
            rest_of_line=is_rest,
        )
