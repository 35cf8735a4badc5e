"""A stream of bytes seen through a window no larger than it must be; it does no I/O of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mtdata.study.model.bounds import MAX_ENTRY

_SOLID = re.compile(rb"[^ \t\r\n]")
MARK = 20
"""The longest pattern that is looked for, in bytes."""
LOOKS, LOOKED_AT_LEAST = 4, 2 * MAX_ENTRY
"""So often each byte may be looked at anew on an average to find the way in what is garbled."""


class StreamWindow:
    """The part of the stream that is being looked at; `start` is where the next element begins.

    `began` is where the element that was last yielded begins, counted from the stream's first byte.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._before = 0
        self.began = 0
        self.buffer = b""
        self.start = 0
        self._looked = 0
        self.garbled = False  # an element had no clear end, and was passed over
        self.sound: Mapping[str, Any] | None = None  # the last entry that nothing was wrong with

    @property
    def offset(self) -> int:
        """How many bytes of the stream lie before `start`."""
        return self._before + self.start

    def may_look(self, length: int) -> bool:
        """Take note that so many bytes were looked at anew; False where that costs too much.

        Each garbled entry may be as long as an entry can be: many would make a square of it.
        """
        self._looked += length
        return self._looked <= LOOKED_AT_LEAST + LOOKS * self.offset

    def grow(self) -> bool:
        """Read on, at least as much as is held already, so that rescans stay linear.

        False at the end of the stream, and when what is held is more than one entry may be.
        """
        held = self.buffer[self.start :]
        if len(held) > MAX_ENTRY:
            return False
        parts, size = [held], 0
        for chunk in self._chunks:
            parts.append(chunk)
            size += len(chunk)
            if size >= len(held):
                break
        self._before += self.start
        self.buffer, self.start = b"".join(parts), 0
        return size > 0

    def peek(self) -> bytes:
        """Skip white space and return the next byte without taking it, b'' at the end."""
        while True:
            if found := _SOLID.search(self.buffer, self.start):
                self.start = found.start()
                return found.group()
            self.start = len(self.buffer)
            if not self.grow():
                return b""

    def mark_after(self, length: int) -> bytes:
        """The first byte behind so many that is no white space; nothing is taken."""
        seen = length
        while not (found := _SOLID.search(self.buffer, self.start + seen)):
            seen = len(self.buffer) - self.start
            if not self.grow():
                return b""
        return found.group()

    def take(self, length: int) -> None:
        """Go on behind so many bytes, which have to be in sight."""
        self.start += length

    def head(self, length: int, skip: int = 0) -> bytes:
        """The bytes from `skip` to `length`, from the front; nothing is taken or read on."""
        return self.buffer[self.start + skip : self.start + length]

    def find(self, mark: bytes, skip: int = 0) -> int:
        """Offset of `mark` from the front, reading on when it is not in sight yet; -1 = never."""
        seen = skip
        while True:
            found = self.buffer.find(mark, self.start + seen)
            if found >= 0:
                return found - self.start
            seen = max(skip, len(self.buffer) - self.start - len(mark) + 1)
            if not self.grow():
                return -1

    def search(self, pattern: re.Pattern[bytes], skip: int) -> tuple[int, int] | None:
        """Where a pattern of at most MARK bytes begins and ends, from the front; None = nowhere."""
        seen = skip
        while True:
            if found := pattern.search(self.buffer, self.start + seen):
                return found.start() - self.start, found.end() - self.start
            seen = max(skip, len(self.buffer) - self.start - MARK)
            if not self.grow():
                return None

    def skip_bom(self) -> None:
        """Take a byte order mark of UTF-8, where one comes next."""
        if self.peek() == b"\xef" and self.find(b"\xbb\xbf") == 1:
            self.take(3)
