"""A file of ours on its way to a person's spreadsheet: cells that it would calculate are guarded.

It takes the bytes in pieces cut anywhere and holds no more than a row; rows are those that
`csv_line` and `Columns` write (excel dialect, UTF-8).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable

from mtdata.errors import OutputError
from mtdata.exports.cake.cells import guarded

MOST_OF_A_ROW = 8 << 20
_CELL = re.compile(
    rb"""["=+@\t-] (?<! [^,\r\n] . )                 # what may be a risk begins a cell
         (?: (?<= ") (?P<quoted> [^"]* (?: "" [^"]* )* ) "  # in quotes; doubled ones are its own
           | (?<! ") [^,\r\n]* )                           # without""",
    re.VERBOSE | re.DOTALL,
)
_RISKY = (b"=", b"+", b"-", b"@", b"\t", b"\r", b"\n")


def guarded_pieces(pieces: Iterable[bytes]) -> Generator[bytes]:
    """The same file with ' before such cells, as `guarded` does it.

    OutputError where a row never ends: then it is no file of ours.
    """
    held = b""
    for piece in pieces:
        held += piece
        end = _end_of_rows(held)
        if end:
            yield _CELL.sub(_written, held[:end])
            held = held[end:]
        if len(held) > MOST_OF_A_ROW:
            raise OutputError(f"a row is longer than {MOST_OF_A_ROW:,} bytes; this is no report")
    if held:
        yield _CELL.sub(_written, held)


def _end_of_rows(text: bytes) -> int:
    """Where the last whole row ends: behind a newline with an even number of quotes before it."""
    end = text.rfind(b"\n") + 1
    quotes = text.count(b'"', 0, end)
    while end and quotes % 2:
        before = text.rfind(b"\n", 0, end - 1) + 1
        quotes -= text.count(b'"', before, end)
        end = before
    return end


def _written(found: re.Match[bytes]) -> bytes:
    whole, quoted = found[0], found["quoted"]
    if quoted is None:
        return b"'" + whole if _is_guarded(whole) else whole
    if quoted.startswith(_RISKY) and _is_guarded(quoted.replace(b'""', b'"')):
        return b"\"'" + whole[1:]
    return whole


def _is_guarded(cell: bytes) -> bool:
    text = cell.decode(errors="replace")
    return guarded(text) != text
