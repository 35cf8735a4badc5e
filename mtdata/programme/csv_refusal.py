"""Why a file of CSV can be read no further, and where; it reads bytes and yields no row.

What it says depends on the file alone, not on the pieces in which the file came.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from mtdata.core.errors import JobError

LONGEST_ROW = 1024 * 1024
"""Bytes of a row, so that memory is bounded; a quote left open would take in the rest of a file."""
LONGEST_CELL = 131_072
"""Characters of a cell: what the csv module takes where nobody has set it another limit."""
_TOO_LONG = f"a cell has more than {LONGEST_CELL:,} characters; is a quote left open?"
_QUOTED = re.compile(r'"([^"]*+(?:""[^"]*+)*+)("?)')
_LINE_END = re.compile(r"\r\n?|\n")


class FileRefused(JobError):
    """A file that cannot be read as CSV, or not further; nothing of it is to be written.

    `line` counts from 1, `column` is the number of the cell in its row, 0 where it is of no cell.
    """

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        told = f", column {column}" if column else ""
        super().__init__(f"line {line}{told}: {reason}" if line else reason)
        self.reason, self.line, self.column = reason, line, column


class _Flaw(NamedTuple):
    """What is wrong at a place in the text of a row; `opened` is where its last quote opened."""

    reason: str
    at: int
    column: int
    opened: int


def refusal(
    rest: bytes, delimiter: str, line: int, offset: int, *, is_last: bool
) -> FileRefused | None:
    """Why the row with which `rest` begins cannot be read; None while more of the file may help.

    `line` and `offset` are those of its first byte; `is_last`: the file ends where `rest` ends.
    """
    row = rest[:LONGEST_ROW]
    is_whole = is_last and len(rest) <= LONGEST_ROW
    bad = _not_utf8(row, is_whole=is_whole)
    text = row[: len(row) if bad is None else bad].decode("utf-8", "ignore")  # a cut last letter
    flaw = _flaw(text, delimiter)
    if flaw and flaw.reason:
        opened = line + _line_ends(text[: flaw.opened])
        reason = flaw.reason.format(opened=opened)
        return FileRefused(reason, line + _line_ends(text[: flaw.at]), flaw.column)
    if bad is not None:
        return _wrong_byte(row[bad], line + _line_ends(text), offset + bad)
    if len(rest) <= LONGEST_ROW and not is_last:
        return None
    if flaw:
        words = "a quote is left open here"
        words += "" if is_whole else f": the row is longer than {LONGEST_ROW:,} bytes"
        return FileRefused(words, line + _line_ends(text[: flaw.opened]), flaw.column)
    if is_whole:
        return FileRefused("it cannot be read as CSV", line)
    return FileRefused(f"the row is longer than {LONGEST_ROW:,} bytes", line)


def _not_utf8(row: bytes, *, is_whole: bool) -> int | None:
    """Where the first byte stands that is no UTF-8; a letter cut at the end is none."""
    try:
        codecs.utf_8_decode(row, "strict", is_whole)
    except UnicodeDecodeError as error:
        return error.start
    return None


def _wrong_byte(byte: int, line: int, offset: int) -> FileRefused:
    return FileRefused(
        f"byte 0x{byte:02X} at offset {offset:,} is not UTF-8; save the file as CSV in UTF-8",
        line,
    )


def _flaw(text: str, delimiter: str) -> _Flaw | None:
    """The first flaw of the row's quotes and lengths; without a reason it is a quote still open."""
    behind_cell = re.compile(f"[{re.escape(delimiter)}\r\n]")
    at, column = 0, 1
    while at < len(text):
        start, quoted = at, _QUOTED.match(text, at)
        end = None if quoted else behind_cell.search(text, at)
        at = quoted.end() if quoted else end.start() if end else len(text)
        length = len(quoted[1].replace('""', '"')) if quoted else at - start
        if length > LONGEST_CELL:
            return _Flaw(_TOO_LONG, start, column, start)
        if quoted and not quoted[2]:
            return _Flaw("", start, column, start)
        following = text[at : at + 1]
        if following == delimiter:
            at, column = at + 1, column + 1
        elif following in ("\r", "\n", ""):
            return None
        else:
            reason = "text stands behind the closing quote of a cell whose quote opened on line "
            return _Flaw(reason + "{opened}", at, column, start)
    return None


def _line_ends(text: str) -> int:
    return len(_LINE_END.findall(text))
