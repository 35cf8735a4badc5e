"""A file of ours on its way to a person's spreadsheet: cells that it would calculate are guarded.

It takes the bytes in pieces cut anywhere and holds no more than a row; rows are those that
`csv_line` writes (excel dialect, UTF-8).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable

from mtdata.core.errors import OutputError
from mtdata.core.formulas import guarded, without_formulas

MOST_OF_A_ROW = 8 << 20
# What may be a risk begins a cell, or stands behind ; or tab in one without quotes.  It is wider
# than what `formulas` knows, which looks at all that is found here, and is one class of bytes, so
# that the search is quick where nothing is a risk.
_CELL = re.compile(
    rb"""["=+@\x00-\x09\x0b\x0c\x0e-\x20\x7f\xc2\xe1-\xe3\xef-] (?<! [^,;\t\r\n] . )
         (?: (?<= ") (?P<quoted> [^"]* (?: "" [^"]* )* ) "  # in quotes; doubled ones are its own
           | (?<! ") [^,\r\n]* )                           # without""",
    re.VERBOSE | re.DOTALL,
)


def guarded_pieces(pieces: Iterable[bytes]) -> Generator[bytes]:
    """A CSV file with ' before each cell that a spreadsheet would take for a formula.

    OutputError where a row never ends: then it is no file of ours.
    """
    held, quotes = b"", 0
    for piece in pieces:
        end = _end_of_rows(piece, quotes)
        quotes += piece.count(b'"')
        if end:
            yield _CELL.sub(_written, held + piece[:end])
            held, piece = b"", piece[end:]
        held += piece
        if len(held) > MOST_OF_A_ROW:
            raise OutputError(f"a row is longer than {MOST_OF_A_ROW:,} bytes; this is no report")
    if held:
        yield _CELL.sub(_written, held)


def _end_of_rows(piece: bytes, quotes: int) -> int:
    """Where the last whole row ends in this piece, behind so many quotes; 0 where none does.

    It ends behind a newline with an even number of quotes before it.  The way back goes from quote
    to quote: of what stands between two of them one look tells, and no row is looked at again.
    """
    if b"\n" not in piece:
        return 0
    quotes, end = quotes + piece.count(b'"'), len(piece)
    while end >= 0:
        quote = piece.rfind(b'"', 0, end)
        last = 0 if quotes % 2 else piece.rfind(b"\n", quote + 1, end) + 1
        if last or quote < 0:
            return last
        quotes, end = quotes - 1, quote
    return 0


def _written(found: re.Match[bytes]) -> bytes:
    quoted = found["quoted"]
    if quoted is not None:  # doubled quotes are as good as one: none begins a formula
        return b'"' + _as_text(quoted, guarded) + b'"'
    begins = found.start() == 0 or found.string[found.start() - 1] in b",\r\n"
    return _as_text(found[0], guarded if begins else without_formulas)


def _as_text(cell: bytes, act: Callable[[str], str]) -> bytes:
    return act(cell.decode(errors="surrogateescape")).encode(errors="surrogateescape")
