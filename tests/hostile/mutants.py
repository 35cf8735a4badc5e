"""Sound packages and what may become of them on their way, as hypothesis draws it; no test."""

from __future__ import annotations

import json
from typing import NamedTuple

from hypothesis import strategies as st

from mtdata.core.errors import PackageError
from mtdata.study.model.package import Entry, entries

TEXTS = st.text(alphabet='ab"\\{}[],: \n\r\0é😀\ud83d', max_size=12) | st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "cRSA"]), VALUES), min_size=1, max_size=8
)
PIECES = [
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"},{", b"}]", b"[]", b"{}", b"null", b"\0"),
    *(
        b"\xff",
        b"\xef\xbb\xbf",
        b"NaN",
        b"1e400",
        b'"id":1',
        b'{"id":1},',
        b" ",
        b"\n",
        b"9" * 4400,
    ),
    *(b"[" * 200, b'{"a":' * 200, b'"a":1,"a":2', b"'", b"//", b"\\ud800", b"\xed\xa0\x80"),
]


class Package(NamedTuple):
    """A sound package: its entries, and what stands between them."""

    bodies: list[bytes]
    joint: bytes

    def bytes(self) -> bytes:
        return b"[" + self.joint.join(self.bodies) + b"]"

    def placed(self, start: int) -> list[tuple[bytes, int]]:
        """Each entry with where it ends, when the package begins there."""
        return [(b, start + end) for b, end in zip(self.bodies, self.ends(), strict=True)]

    def ends(self) -> list[int]:
        """Where each entry ends."""
        place, found = 1, []
        for body in self.bodies:
            place += len(body)
            found.append(place)
            place += len(self.joint)
        return found


@st.composite
def packages(draw: st.DrawFn) -> Package:
    """Entries with ids of their own."""
    rows = draw(ROWS)
    loose = draw(st.booleans())
    separators = (", ", ": ") if loose else (",", ":")
    bodies = [
        json.dumps({"id": n, **row}, separators=separators, ensure_ascii=draw(st.booleans()))
        for n, row in enumerate(rows, 1)
    ]
    joint = draw(st.sampled_from([b",", b", ", b",\n", b" ,\r\n\t"]))
    return Package([body.encode("utf-8", "surrogatepass") for body in bodies], joint)


@st.composite
def damages(draw: st.DrawFn, content: bytes) -> tuple[bytes, int]:
    """The content with some damage, and where the first of it begins."""
    first = len(content)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(content)))
        size = draw(st.integers(0, 40))
        kind = draw(st.sampled_from(["flip", "cut", "insert", "double", "swap", "end", "piece"]))
        content = _damaged(draw, kind, content, at, size)
        first = min(first, at)
    return content, first


def _damaged(draw: st.DrawFn, kind: str, content: bytes, at: int, size: int) -> bytes:
    before, piece, after = content[:at], content[at : at + size], content[at + size :]
    if kind == "flip":
        bit = draw(st.integers(0, 7))
        return before + bytes(byte ^ 1 << bit for byte in piece[:1]) + piece[1:] + after
    if kind == "insert":
        return before + draw(st.binary(max_size=8)) + piece + after
    if kind == "piece":
        return before + draw(st.sampled_from(PIECES)) + piece + after
    if kind == "double":
        return before + piece * 2 + after
    if kind == "swap":
        return before + after[:size] + piece + after[size:]
    return before if kind == "end" else before + after


def pieces(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


def read(content: bytes, size: int = 65536) -> tuple[list[Entry], bool]:
    """The entries, and whether the package broke; anything but PackageError goes through."""
    found: list[Entry] = []
    try:
        for entry in entries(pieces(content, size)):
            found.append(entry)
    except PackageError:
        return found, True
    return found, False
