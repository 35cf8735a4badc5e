"""What is copied to a replica, and under which name; it reads and sends nothing.

A copy is one raw range: what one append added to a file, which never changes afterwards.
"""

from __future__ import annotations

import re
from typing import NamedTuple

NAME = re.compile(r"[A-Za-z0-9._%~-]{1,240}(/[A-Za-z0-9._%~-]{1,240}){0,7}", re.ASCII)
_PLAIN = re.compile(r"[^A-Za-z0-9._~/-]")


class Range(NamedTuple):
    """Bytes of a file of the pool by place, length and digest; `kept_at` is when they came."""

    file: int
    start: int
    length: int
    digest: bytes
    kept_at: str
    path: str
    scale: str


def copy_name(wanted: Range) -> str:
    """`<path of the file>/<start>-<length>-<sha256>`, in characters that every replica takes.

    Names sort by their place, so the copies of a file, one after the other, are that file: no
    ledger is needed to make it again.  Other bytes would have another name.
    """
    path = _PLAIN.sub(lambda odd: "".join(f"%{byte:02X}" for byte in odd[0].encode()), wanted.path)
    return checked_copy_name(f"{path}/{wanted.start:015d}-{wanted.length}-{wanted.digest.hex()}")


def checked_copy_name(name: str) -> str:
    """The name again if it may become a key or a path; ValueError if not."""
    if NAME.fullmatch(name) and not {".", ".."} & set(name.split("/")):
        return name
    raise ValueError(f"no name for a copy: {ascii(name)[:60]}")
