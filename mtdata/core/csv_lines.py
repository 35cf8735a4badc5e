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


def sound_lines(rows: Iterable[Sequence[Any]]) -> bytes | None:
    """The lines of rows of texts, None (no text), whole numbers and booleans, worded by `str`.

    None where a line would hold a NUL or is no UTF-8, or a number has too many digits to be worded.
    """
    lines: list[str] = []
    try:
        _write(rows, lines.append)
        whole = "".join(lines)
        return None if "\0" in whole else whole.encode()
    except ValueError:
        return None


def _write(rows: Iterable[Sequence[Any]], take: Callable[[str], object]) -> None:
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
    """The cells of one line as the csv module reads it; None where only that module can say."""
    try:
        return [cell.decode() for cell in byte_cells(line)] or None
    except UnicodeDecodeError:
        return None


def byte_cells(line: bytes) -> list[bytes]:
    """The cells of one line in the bytes that stand there; none where only the csv module can say.

    It searches for quotes where the module looks at each letter.  It says nothing of what holds a
    quote within a cell, is empty, or does not end as our lines do, nor whether it is UTF-8.
    """
    inside: list[bytes] = []
    if b'"' in line:
        texts = line.split(b'"')
        inside, line = texts[1::2], b'"'.join(texts[::2])  # a quote for each quoted stretch
        if len(texts) % 2 == 0:  # one is open
            return []
    body = line[:-2]
    if not (body and line.endswith(b"\r\n")) or b"\r" in body or b"\n" in body:
        return []
    cells = body.split(b",")
    if inside and cells.count(b'"') != len(inside):  # a stretch is not all of its cell
        return []
    place = -1
    for text in inside:
        place = cells.index(b'"', place + 1)
        cells[place] = text
    return cells
