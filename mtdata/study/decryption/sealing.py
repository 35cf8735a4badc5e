"""The forms in which a sealed value is written: base64 and its kin, blocks; it opens nothing.

Each is taken where it can be read in one way only; whether it was one, a key that opens it proves.
"""

from __future__ import annotations

from base64 import b64decode

ZEROS = 4
"""So many leading zero bytes may lack or be too many: some libraries seal to a bare number."""
MOST_BLOCKS = 256
_URL = str.maketrans("-_", "+/")


def from_base64(value: str) -> bytes:
    """The bytes of base64, also that of URLs, also without `=`, with line breaks or %2B for +.

    ValueError for what is none, or is of both alphabets.
    """
    try:
        return b64decode(value, validate=True)
    except ValueError:
        plain = "".join(value.split())
    if "%" in plain:
        from urllib.parse import unquote  # here: workers seldom need it, and it takes time

        plain = unquote(plain, errors="strict")
    if {"-", "_"} & set(plain):
        if {"+", "/"} & set(plain):
            raise ValueError("of two alphabets")
        plain = plain.translate(_URL)
    bare = plain.rstrip("=")
    if len(plain) - len(bare) > 2:
        raise ValueError("more = than there can be")
    return b64decode(bare + "=" * (-len(bare) % 4), validate=True)


def at_size(sealed: bytes, size: int) -> bytes | None:
    """A sealed value as the number that it is, in as many bytes as the key has; None = no way."""
    more = len(sealed) - size
    if not more:
        return sealed
    if -ZEROS <= more < 0:
        return bytes(-more) + sealed
    return sealed[more:] if 0 < more <= ZEROS and not any(sealed[:more]) else None


def blocks_of(sealed: bytes, size: int) -> list[bytes]:
    """What a key of that size may open: one block, or several of its size; [] = nothing of it.

    A text that is too long for one is sealed piece by piece.
    """
    if (whole := at_size(sealed, size)) is not None:
        return [whole]
    count, rest = divmod(len(sealed), size)
    if rest or not 1 < count <= MOST_BLOCKS:
        return []
    return [sealed[n : n + size] for n in range(0, len(sealed), size)]
