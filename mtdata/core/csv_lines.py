"""Lines of CSV from cells and cells from lines, as RFC 4180 has them; no NUL is in any."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

from mtdata.core.border import Border
from mtdata.core.errors import EntryError

_LINE = Border(EntryError, "a line of the sheet that is no row")


def without_nul(text: str) -> str:
    """The text as databases take it: NUL ends a text there, or the whole file is refused."""
    return text.replace("\0", "\ufffd")


def csv_line(cells: Sequence[str]) -> bytes:
    """One line of a sheet: excel dialect, CRLF, UTF-8."""
    return csv_lines([cells])[0]


def csv_lines(rows: Iterable[Sequence[str]]) -> list[bytes]:
    """The lines of many rows, each by itself, so that its place in the file is known."""
    lines: list[bytes] = []
    _write(rows, lambda text: lines.append(text.encode()))
    return lines


def _write(rows: Iterable[Sequence[str]], take: Callable[[str], object]) -> None:
    # the least that csv.writer asks of a file; each row is one call
    catcher: Any = SimpleNamespace(write=take)
    csv.writer(catcher).writerows(rows)


def csv_text(cells: Sequence[str]) -> str:
    """One line of two cells or more, as text: excel dialect, CRLF.

    csv.writer looks at each character by itself; nearly no line has one that wants it to.
    """
    line = ",".join(cells)
    if '"' in line or "\n" in line or "\r" in line:
        lines: list[str] = []
        _write([cells], lines.append)
        return lines[0]
    if line.count(",") >= len(cells):
        line = ",".join([f'"{cell}"' if "," in cell else cell for cell in cells])
    return f"{line}\r\n"


def csv_cells(line: bytes) -> list[str]:
    """The cells of one line; EntryError when it is not exactly one row."""
    with _LINE:
        rows = list(csv.reader(io.StringIO(line.decode(), newline=""), strict=True))
    if len(rows) != 1:
        raise EntryError("a line of the sheet that is no row")
    return rows[0]


def quick_cells(line: bytes) -> list[str] | None:
    """The cells of one line as the csv module reads it; None where only that module can say.

    It searches for quotes where the module looks at each letter: 0.6 of its time at 1.7 kB a line.
    None for what holds a quote within a cell, is empty, or does not end as our lines do.
    """
    try:
        texts = line.decode().split('"')
    except UnicodeDecodeError:
        return None
    outside, inside = texts[::2], texts[1::2]
    shape = '"'.join(outside)  # a quote for each quoted stretch
    body = shape[:-2]
    cells = body.split(",")
    # a stretch that is not all of its cell, or one that is open, is the module's to judge
    is_plain = len(outside) == len(inside) + 1 and cells.count('"') == len(inside)
    if not (is_plain and body and shape.endswith("\r\n")) or "\r" in body or "\n" in body:
        return None
    quoted = iter(inside)
    return [next(quoted) if cell == '"' else cell for cell in cells]
