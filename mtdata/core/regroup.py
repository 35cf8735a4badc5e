"""Bytes that come in pieces of any length, in pieces of one; it reads nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def regrouped(pieces: Iterable[bytes], length: int) -> Iterator[bytes]:
    """All that comes, in pieces of that many bytes; the last may be shorter."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= length:
            yield bytes(held[:length])
            del held[:length]
    if held:
        yield bytes(held)
