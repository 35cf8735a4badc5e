"""Entries out of a stream of bytes, each exactly as sent; never the whole package in memory.

An entry ends where a complete JSON value ends.  The usual compact `},{` is tried first because
it is found by one search; whatever does not parse there is measured bracket by bracket.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from mtdata.core.errors import PackageError
from mtdata.study.model.bounds import (
    BATCH_BYTES,
    MAX_ENTRY,
    MAX_ID,
    none_refused,
    refusal,
    too_wide,
    twice,
    weight,
)
from mtdata.study.model.exact_json import exact_value, usual_values
from mtdata.study.model.row import Digits
from mtdata.study.model.stream import StreamWindow

BATCH_ENTRIES = 1024
GUESSES = 16
"""So many closing brackets are tried to find the end of the entry behind a garbled one."""
JOINTS = 10_000
"""So many places are looked at for an entry behind a garbled one."""
GARBLED = (
    "the package is garbled in its middle; what can be read is kept, and nothing is deleted "
    "until it comes whole"
)
_JOINT = re.compile(rb"\}[ \t\r\n]{0,8},[ \t\r\n]{0,8}\{")
"""Where one entry ends and the next begins; it may as well stand within an entry, or a text."""
_CLOSE = re.compile(rb"\}[ \t\r\n]{0,8},")
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


_LENIENT = json.JSONDecoder(parse_int=len, strict=False)
"""Finds where a value ends, whatever is wrong with its numbers and texts."""


def read_entry(body: bytes) -> Entry:
    """Parse one element of a package; a fault is told in the entry, never raised."""
    digest = sha256(body).digest()
    if fault := refusal(body):
        return Entry(None, digest, body, None, fault)
    try:
        values = _exact_fields(body, text := body.decode())
    except UnicodeDecodeError:
        return Entry(None, digest, body, None, "not UTF-8")
    except ValueError:
        return Entry(None, digest, body, None, "not JSON")
    if type(values) is not dict:
        return Entry(None, digest, body, None, "not a JSON object")
    number, fault = _id_of(values.get("id"))
    if too_wide(body, values):
        return Entry(number, digest, body, values, "more fields than a sheet can have")
    if doubled := twice(text, values):
        number = None if "id" in doubled else number
        return Entry(number, digest, body, values, "a name that stands twice")
    return Entry(number, digest, body, values, fault)


def read_fields(body: bytes) -> dict[str, Any] | None:
    """The `values` of `read_entry` alone, where the digest proves that it was read before."""
    if refusal(body):
        return None
    try:
        values = _exact_fields(body, body.decode())
    except ValueError:
        return None
    return values if type(values) is dict else None


def read_all_fields(bodies: Sequence[bytes]) -> list[dict[str, Any] | None]:
    """`read_fields` of each; those of a usual page are read at one go."""
    found = usual_values(bodies) if none_refused(bodies) else None
    return list(map(read_fields, bodies)) if found is None else found


def _exact_fields(body: bytes, text: str) -> Any:
    values = exact_value(body, text)
    if type(values) is dict and type(values.get("id")) is Digits and values["id"] == "-0":
        values["id"] = 0  # the site would take it for that
    return values


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
    the entries before that were yielded and are sound.  Raises it at the very end, too, when an
    entry in the middle had no clear end: what was read behind it may be a part of it, and another
    entry may be hidden in it, so such a package proves nothing of what the site still has.
    """
    window = StreamWindow(chunks)
    window.skip_bom()
    if window.peek() != b"[":
        raise PackageError("the answer does not begin as a JSON array; nothing of it was used")
    window.take(1)
    yield from elements(window)
    if window.peek():
        raise PackageError("the package goes on after its end; the entries before are kept")
    if window.garbled:
        raise PackageError(GARBLED)


def in_batches(source: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Group entries: at most 1024, and at most about 4 MB, in memory as well.

    Where the source breaks off, what came before goes out first.
    """
    batch: list[Entry] = []
    size = 0
    try:
        for entry in source:
            batch.append(entry)
            size += weight(entry.body)
            if len(batch) == BATCH_ENTRIES or size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
    except PackageError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def elements(window: StreamWindow) -> Iterator[Entry]:
    """Yield the elements up to and with the closing bracket; the opening one is taken already."""
    if window.peek() == b"]":
        window.take(1)
        return
    mark = b","
    while mark == b",":
        if window.peek() in (b",", b"]"):  # nothing between two commas, or behind the last
            window.garbled = True
        else:
            window.began = window.offset
            if (entry := _usual_entry(window)) is not None:
                yield entry
                continue
            yield _measured_entry(window)
        if window.peek() not in (b",", b"]", b"{"):
            window.began = window.offset
            yield _resynchronised(window)
        mark = window.peek()
        if mark == b"{":  # only the comma is missing
            mark = b","
        else:
            window.take(1)


def _usual_entry(window: StreamWindow) -> Entry | None:
    """The entry that ends at the next `},`, taken with its comma, if it is one."""
    end = window.find(b"},")
    if end < 0:
        return None
    entry = read_entry(window.head(end + 1))
    if entry.values is None:
        return None
    window.take(end + 2)
    window.sound = window.sound if entry.fault else entry.values
    return entry


def _measured_entry(window: StreamWindow) -> Entry:
    length = _measured(window)
    if length < 0:
        return _resynchronised(window)
    entry = read_entry(window.head(length))
    if window.mark_after(length) not in (b",", b"]", b""):
        if entry.values is None or entry.fault:
            return _resynchronised(window)
        window.garbled = True  # it is whole by itself, whatever has become of its comma
    # brackets may pair by chance alone: a text without end can swallow its neighbours
    if entry.fault == "not JSON" and _JOINT.search(entry.body) and _garbled_at(entry.body):
        return _resynchronised(window)
    window.take(length)
    window.sound = window.sound if entry.fault else entry.values
    return entry


def _measured(window: StreamWindow) -> int:
    """Length of the element at the front, by brackets and quotes alone; -1 when it has no end."""
    length = _brackets(window)
    while length < 0 and window.may_look(len(window.buffer) - window.start) and window.grow():
        length = _brackets(window)
    window.may_look(max(0, length))  # what is no entry after all is looked through once more
    return length


def _brackets(window: StreamWindow) -> int:
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


def _resynchronised(window: StreamWindow) -> Entry:
    """Swallow a garbled element up to the next entry that is sound; what is swallowed is held."""
    window.garbled = True
    opening = 0
    for _ in range(JOINTS):
        joint = window.search(_JOINT, opening)
        if joint is None or joint[0] > MAX_ENTRY or not window.may_look(joint[1] - opening):
            break
        opening = joint[1] - 1
        if _sound_at(window, opening):
            body = window.head(joint[0] + 1)
            window.take(len(body))
            return Entry(None, sha256(body).digest(), body, None, "not JSON")
    raise PackageError("the package breaks off or is garbled; the entries before are kept")


def _sound_at(window: StreamWindow, opening: int) -> bool:
    """Whether an entry like those before stands there; the last of the package is believed to."""
    end = opening
    for _ in range(GUESSES):
        close = window.search(_CLOSE, end)
        if close is None:
            return end == opening
        end = close[0] + 1
        if not window.may_look(end - opening):
            return False
        entry = read_entry(window.head(end, opening))
        if entry.values is not None:
            # it has the fields of the one before: objects within an entry have others
            is_like = window.sound is None or entry.values.keys() == window.sound.keys()
            return is_like and not entry.fault
        fault = _garbled_at(entry.body) if entry.fault == "not JSON" else None
        breaks_off = fault and (fault.pos >= len(fault.doc) or fault.msg.startswith("Unterminated"))
        if not breaks_off:
            return False
    return False


def _garbled_at(body: bytes) -> json.JSONDecodeError | None:
    """Where it is no JSON, whatever is wrong with its numbers and texts; None if it is all JSON."""
    try:
        _LENIENT.decode(body.decode(errors="replace"))
    except json.JSONDecodeError as error:
        return error
    return None
