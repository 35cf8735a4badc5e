"""Web pages that come where data should: how one is known, and what it says; it repeats no word."""

from __future__ import annotations

import re
from collections.abc import Iterable

BOM = b"\xef\xbb\xbf"
SPACE = b" \t\r\n"
MOST = 64 * 1024
"""Bytes of a page that are looked at; no log-in page has its form behind them."""
_PASSWORD = re.compile(rb"\bpassword\b")


def is_html(kind: str, body: bytes) -> bool:
    """Whether it is a page, by its media type or by how it begins."""
    return kind.startswith("text/html") or body.removeprefix(BOM).lstrip(SPACE)[:1] == b"<"


def asks_for_a_password(page: bytes) -> bool:
    """Whether there is a field for one.  Each byte is looked at once, however the page is written:
    a tag goes on to its end or to the next one."""
    fields = page[:MOST].lower().split(b"<input")[1:]
    return any(_PASSWORD.search(field.partition(b">")[0]) for field in fields)


def head_of(pieces: Iterable[bytes]) -> bytes:
    """The first pieces, until there is something to see in them, at most about 64 KB."""
    held: list[bytes] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += len(piece)
        if count > MOST or piece.strip(SPACE + BOM):
            break
    return b"".join(held)
