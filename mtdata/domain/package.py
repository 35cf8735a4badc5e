"""Entries out of a stream of bytes, each exactly as sent; never the whole package in memory.

An entry ends where a complete JSON value ends.  The usual compact `},{` is tried first because
it is found by one search; whatever does not parse there is measured bracket by bracket.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from mtdata.errors import PackageError

MAX_ENTRY = 16 * 2**20
"""Bytes; one answer to a questionnaire larger than this is no answer to a questionnaire."""
MAX_ID = 2**63 - 1
BATCH_ENTRIES = 1024
BATCH_BYTES = 4 << 20

SPACE = b" \t\r\n"
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+("?)|[{}\[\],]', re.DOTALL)


class Entry(NamedTuple):
    """One row as the site sent it.

    `id` is None when the entry has no usable one, `values` is None when it is no JSON object that
    we can read, and `fault` says what is wrong ('' = nothing).  `digest` is SHA-256 of `body`.
    """

    id: int | None
    digest: bytes
    body: bytes
    values: dict[str, Any] | None
    fault: str

    def __repr__(self) -> str:
        return f"Entry(id={self.id}, {len(self.body)} bytes)"


def _refuse_constant(name: str) -> float:
    raise ValueError("not a JSON number")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def read_entry(body: bytes) -> Entry:
    """Parse one element of a package; a fault is told in the entry, never raised."""
    digest = sha256(body).digest()
    try:
        values = _parsed(body.decode())
    except UnicodeDecodeError:
        return Entry(None, digest, body, None, "not UTF-8")
    except RecursionError:
        return Entry(None, digest, body, None, "nested too deep")
    except ValueError:
        return Entry(None, digest, body, None, "not JSON")
    if type(values) is not dict:
        return Entry(None, digest, body, None, "not a JSON object")
    number, fault = _id_of(values.get("id"))
    return Entry(number, digest, body, values, fault)


def _parsed(text: str) -> Any:
    # The usual object, nothing before or behind it, is spared two searches for white space.
    values, end = _DECODER.raw_decode(text) if text[:1] == "{" else (None, -1)
    return values if end == len(text) else _DECODER.decode(text)


def _id_of(value: object) -> tuple[int | None, str]:
    if type(value) is str and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if type(value) is not int:
        return None, "no whole number as id"
    if not 0 <= value <= MAX_ID:
        return None, "an id out of range"
    return value, ""


def is_json(entry: Entry) -> bool:
    """Whether the bytes may stand in a raw file without making it unreadable."""
    return entry.values is not None or entry.fault == "not a JSON object"


def entries(chunks: Iterable[bytes]) -> Iterator[Entry]:
    """Split a package (a JSON array) into its entries, in order.

    Raises PackageError when the bytes are no array, break off, or cannot be followed any further;
    the entries before that were yielded and are sound.
    """
    window = _Window(chunks)
    window.skip_bom()
    if window.peek() != b"[":
        raise PackageError("the answer does not begin as a JSON array; nothing of it was used")
    window.take(1)
    yield from elements(window)
    if window.peek():
        raise PackageError("the package goes on after its end; the entries before are kept")


def in_batches(source: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Group entries: at most 1024, and at most about 4 MB."""
    batch: list[Entry] = []
    size = 0
    for entry in source:
        batch.append(entry)
        size += len(entry.body)
        if len(batch) == BATCH_ENTRIES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def elements(window: _Window) -> Iterator[Entry]:
    """Yield the elements up to and with the closing bracket; the opening one is taken already."""
    if window.peek() == b"]":
        window.take(1)
        return
    while True:
        if (entry := _usual_entry(window)) is not None:
            yield entry
            window.peek()
            continue
        yield _measured_entry(window)
        mark = window.peek()
        if mark not in (b",", b"]"):
            raise PackageError("the package breaks off or is garbled; the entries before are kept")
        window.take(1)
        if mark == b"]":
            return
        window.peek()


def _usual_entry(window: _Window) -> Entry | None:
    """The entry that ends at the next `},`, taken with its comma, if it is one."""
    end = window.find(b"},")
    if end < 0:
        return None
    entry = read_entry(window.head(end + 1))
    if entry.values is None:
        return None
    window.take(end + 2)
    return entry


def _measured_entry(window: _Window) -> Entry:
    length = _measured(window)
    if length < 0:
        return _resynchronised(window, b"")
    body = window.head(length)
    window.take(length)
    if body and window.peek() in (b",", b"]"):
        return read_entry(body)
    return _resynchronised(window, body)


def _measured(window: _Window) -> int:
    """Length of the element at the front, by brackets and quotes alone; -1 when it has no end."""
    length = _brackets(window)
    while length < 0 and window.grow():
        length = _brackets(window)
    return length


def _brackets(window: _Window) -> int:
    depth = 0
    for token in _TOKEN.finditer(window.buffer, window.start):
        mark = token.group()
        if mark[0] == 0x22:  # a string; an open one needs more bytes
            if not token.group(1):
                return -1
        elif mark in b"{[":
            depth += 1
        elif mark in b"}]":
            if depth == 0:
                return token.start() - window.start
            depth -= 1
            if depth == 0:
                return token.end() - window.start
        elif depth == 0:
            return token.start() - window.start
    return -1


def _resynchronised(window: _Window, body: bytes) -> Entry:
    """Swallow a garbled element up to the next entry that parses; what is swallowed is held."""
    lost = [body]
    while (end := window.find(b"},{")) >= 0:
        lost.append(window.head(end + 1))
        window.take(end + 1)
        if sum(map(len, lost)) > MAX_ENTRY:
            break
        following = window.find(b"},", skip=1)
        if following < 0 or read_entry(window.head(following + 1)[1:]).values is not None:
            whole = b"".join(lost)
            return Entry(None, sha256(whole).digest(), whole, None, "not JSON")
    raise PackageError("the package breaks off or is garbled; the entries before are kept")


class _Window:
    """The part of the stream that is being looked at; `start` is where the next element begins."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self.buffer = b""
        self.start = 0

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
        self.buffer, self.start = b"".join(parts), 0
        return size > 0

    def peek(self) -> bytes:
        """Skip white space and return the next byte without taking it, b'' at the end."""
        while True:
            buffer, start = self.buffer, self.start
            while start < len(buffer):
                if buffer[start] not in SPACE:
                    self.start = start
                    return buffer[start : start + 1]
                start += 1
            self.start = start
            if not self.grow():
                return b""

    def take(self, length: int) -> None:
        self.start += length

    def head(self, length: int) -> bytes:
        return self.buffer[self.start : self.start + length]

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

    def skip_bom(self) -> None:
        if self.peek() == b"\xef" and self.find(b"\xbb\xbf") == 1:
            self.take(3)


def window(chunks: Iterable[bytes]) -> _Window:
    """Open a window for readers of other formats than a package (the raw files)."""
    return _Window(chunks)
