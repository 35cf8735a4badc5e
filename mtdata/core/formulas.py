"""Texts that a spreadsheet would calculate, and how they are kept from it; pure."""

from __future__ import annotations

import re

_NUMBER = re.compile(r" *[+-]?[0-9][0-9.,:]*(?:[eE][+-]?[0-9]+)? *", re.A)
SIGNS = "=+@＝＋－＠﹢﹣﹦﹫−-"  # noqa: RUF001  a spreadsheet takes the wide ones for the narrow
"""What a formula begins with."""
UNSEEN = "\x00-\x08\x0b\x0c\x0e-\x20\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f"
UNSEEN += '\u205f-\u206f\u3000\ufeff"'
"""What it may have before it all the same: blanks, characters that show nothing, quotes."""
_FORMULA = re.compile(f"(?:^|(?<=[;\t\r\n]))(?=[{UNSEEN}]*[{SIGNS}])")


def guarded(cell: str) -> str:
    """With ' before what a spreadsheet would calculate; numbers and times stay as they are.

    A program that takes ; or tab for what is between cells begins one behind each of them, and
    behind a new line: there as well, and there numbers too, for what follows is not known.
    """
    if _NUMBER.fullmatch(cell):
        return cell
    found = without_formulas(cell)
    return f"'{found}" if cell.startswith(("\t", "\r", "\n")) else found


def without_formulas(text: str) -> str:
    """With ' before each formula that begins the text, or stands behind ; tab or a new line."""
    return _FORMULA.sub("'", text)
