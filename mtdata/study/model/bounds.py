"""What an entry may not be, whatever JSON allows: too deep, too many parts, a name twice; no I/O.

Each bound is far beyond any questionnaire, and keeps a hostile entry from costing a hundred times
its length in memory, or from being read in one version of Python and not in the next.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MAX_ENTRY = 16 * 2**20
"""Bytes; one answer to a questionnaire larger than this is no answer to a questionnaire."""
MAX_ID = 2**63 - 1
MAX_DEPTH = 100
"""Brackets within brackets; versions of Python give up at different depths, some by a crash."""
MAX_PARTS = 500_000
"""Commas and opening brackets; each may cost 60 bytes and more once it is parsed."""
MAX_FIELDS = 4096
"""Names in an entry, and columns in a sheet; the site's own tables have no more (MySQL)."""
MAX_NAMES = 64 * 1024
"""Characters of all names of an entry together."""
BATCH_BYTES = 4 << 20
"""Of entries that are in memory together, about; each may be as long as MAX_ENTRY."""
PART = 64
"""Bytes that a part costs in memory, about."""

_QUOTED = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


def weight(body: bytes) -> int:
    """What an entry costs in memory once it is parsed, about; small ones as they are long."""
    return len(body) if len(body) < 1024 else len(body) + PART * parts(body)


def in_memory(lengths: Sequence[int]) -> Iterator[slice]:
    """Stretches of so many bytes' worth of texts that go into memory together, at least one."""
    first = size = 0
    for place, length in enumerate(lengths):
        size += length
        if size >= BATCH_BYTES:
            yield slice(first, place + 1)
            first, size = place + 1, 0
    if first < len(lengths):
        yield slice(first, len(lengths))


def parts(body: bytes) -> int:
    """How many values the text can hold at most, counted without parsing it."""
    return body.count(b",") + body.count(b"[") + body.count(b"{")


def refusal(body: bytes) -> str:
    """Why the text is not to be parsed at all; '' when it may be."""
    if body.find(b"[") < 0 and body.find(b"{", 1) < 0 and len(body) <= MAX_PARTS:
        return ""  # nearly every entry; counting would take five times as long
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH and len(body) <= MAX_PARTS:
        return ""
    if parts(body) > MAX_PARTS:
        return "more values than an entry may have"
    return "nested too deep" if _depth(body) > MAX_DEPTH else ""


def none_refused(bodies: Sequence[bytes]) -> bool:
    """Whether each is surely no `refusal` but the usual text of an object, by one look at all."""
    whole = b"".join(bodies)
    is_flat = b"[" not in whole and whole.count(b"{") == len(bodies)
    return is_flat and all(len(b) <= MAX_PARTS and b[:1] == b"{" for b in bodies)


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for mark in re.findall(rb"[][{}]", _QUOTED.sub(b"", body)):
        depth += 1 if mark in b"[{" else -1
        deepest = max(deepest, depth)
        if deepest > MAX_DEPTH:
            break
    return deepest


def too_wide(body: bytes, values: Mapping[str, Any]) -> bool:
    """Whether an entry has more names, or longer ones, than a sheet can show."""
    if len(body) <= MAX_FIELDS:
        return False
    return len(values) > MAX_FIELDS or sum(map(len, values)) > MAX_NAMES


def twice(text: str, values: Mapping[str, Any]) -> set[str]:
    """Names that an object in the entry has twice: of two values Python would keep the last.

    Every name is followed by a colon.  Where as many quotes are followed by colons as the entry has
    names, and no colon stands off, no name can stand twice, and nothing is parsed again.
    """
    is_one_line = "\n" not in text and "\t" not in text and "\r" not in text
    if text.count('":') == len(values) and " :" not in text and is_one_line:
        return set()
    found: set[str] = set()

    def noted(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            found.update(name for name, number in Counter(names).items() if number > 1)

    json.loads(text, object_pairs_hook=noted)
    return found
