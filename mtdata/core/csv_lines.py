"""Lines of CSV from cells and cells from lines, as RFC 4180 has them; no NUL is in any."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from mtdata.core.border import Border
from mtdata.core.errors import EntryError

_LINE = Border(EntryError, "a line of the sheet that is no row")


def without_nul(text: str) -> str:
    """The text as databases take it: NUL ends a text there, or the whole file is refused."""
    return text.replace("\0", "\ufffd")


def csv_line(cells: Sequence[str]) -> bytes:
    """One line of a sheet: excel dialect, CRLF, UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def csv_lines(rows: Iterable[Sequence[str]]) -> list[bytes]:
    """The lines of many rows, each by itself, so that its place in the file is known."""
    lines: list[bytes] = []
    writer = csv.writer(_Catcher(lines))
    writer.writerows(rows)
    return lines


class _Catcher:
    """The least that csv.writer asks of a file; each row is one call."""

    def __init__(self, lines: list[bytes]) -> None:
        self._lines = lines

    def write(self, text: str) -> None:
        self._lines.append(text.encode())


def csv_cells(line: bytes) -> list[str]:
    """The cells of one line; EntryError when it is not exactly one row."""
    with _LINE:
        rows = list(csv.reader(io.StringIO(line.decode(), newline=""), strict=True))
    if len(rows) != 1:
        raise EntryError("a line of the sheet that is no row")
    return rows[0]
