"""From bytes of rows to tables of text, as csv.reader reads them; it opens no file.

Well-formed rows go through Arrow's parser.  Whatever is odd about some goes through csv.reader, row
by row, which is slow and tells which row is none.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat
from typing import NamedTuple

import pyarrow as pa
from pyarrow import csv as arrow_csv

from mtdata.core.border import Border
from mtdata.core.csv_lines import without_nul
from mtdata.core.errors import StorageError
from mtdata.study.operations.reading import PoolSheet

OWN = ("server", "day")
"""Columns that each table has besides those of its sheets; a sheet's own of that name is `day_2`"""
BLOCK = 1 << 18
_EMPTY_LINE = (b"\n\n", b"\n\r", b"\r\r")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"
WRONG = "Nothing was read of it. Mend the file, or let `mtdata verify` say what is wrong"
csv.field_size_limit(2**31 - 1)  # an answer may be longer than the csv module's usual limit


class Shape(NamedTuple):
    """What can be told of rows without parsing them; a line end within quotes ends none.

    `is_plain`: whoever parses them sees so many rows.
    """

    total: int
    is_plain: bool


@dataclass(frozen=True)
class SheetRows:
    """Whole rows of one sheet, the first of them its `first`th; bytes behind the header."""

    server: str
    sheet: PoolSheet
    header: tuple[str, ...]
    rows: bytes
    first: int

    @cached_property
    def shape(self) -> Shape:
        """How many rows they are."""
        return shape_of(self.rows, columns=len(self.header))


def shape_of(rows: bytes, columns: int) -> Shape:
    """The shape of these rows of so many columns, which decides what an empty line is."""
    count, quotes, has_empty_line = 0, 0, rows.startswith((b"\n", b"\r"))
    for block in _blocks(rows):
        pieces = block.split(b'"')
        is_bare = len(pieces) == 1 and quotes % 2 == 0
        outside = block if is_bare else b'"' + b'"'.join(pieces[quotes % 2 :: 2])
        count += outside.count(b"\n") + outside.count(b"\r") - outside.count(b"\r\n")
        quotes += len(pieces) - 1
        has_empty_line = has_empty_line or any(end in outside for end in _EMPTY_LINE)
    is_ended = rows.endswith((b"\n", b"\r"))
    count += bool(rows) and not is_ended
    # without a line end the last cell may be one whose quotes were never closed
    is_closed = quotes % 2 == 0 and (is_ended or not quotes)
    is_plain = columns > 0 and is_closed and not rows.startswith(_BOM)
    return Shape(count, is_plain and (columns == 1 or not has_empty_line))


def _blocks(rows: bytes) -> Iterator[bytes]:
    """The rows cut before a quote every now and then: what is looked at in one go takes room."""
    start = 0
    while start < len(rows):
        end = rows.find(b'"', start + BLOCK)
        end = len(rows) if end < 0 else end
        yield rows[start:end]
        start = end


def line_end(content: bytes, start: int) -> int:
    """Where the line from there on ends, its end (CR, LF or both) included."""
    found = _LINE_END.search(content, start)
    return found.end() if found else len(content)


def row_pieces(pieces: Iterable[bytes], least: int) -> Iterator[bytes]:
    """Pieces of at least so many bytes, each of whole rows; the last may be less."""
    waiting: list[bytes] = []
    size, end, quotes = 0, 0, 0  # `end` is that of the last whole row in what waits
    for piece in pieces:
        last = _last_end(piece, quotes)
        end = size + last if last else end
        quotes += piece.count(b'"')
        waiting.append(piece)
        size += len(piece)
        if size >= least and end:
            whole = b"".join(waiting)
            yield whole[:end]
            waiting, size, end = [whole[end:]], size - end, 0
    if size:
        yield b"".join(waiting)


def _last_end(piece: bytes, quotes: int) -> int:
    """Where the last row that ends within this piece does, behind so many quotes; 0 for none.

    It is looked for in what stands between two quotes, from the back.
    """
    quotes, end = quotes + piece.count(b'"'), len(piece)
    while end >= 0:
        quote = piece.rfind(b'"', 0, end)
        last = _last_line_end(piece, quote + 1, end) if quotes % 2 == 0 else 0
        if last or quote < 0:
            return last
        quotes, end = quotes - 1, quote
    return 0


def _last_line_end(piece: bytes, start: int, end: int) -> int:
    """Behind the last line end there, 0 for none; a CR at the end may have its LF in the next."""
    feed = piece.rfind(b"\n", start, end)
    return max(feed, piece.rfind(b"\r", start, min(end, len(piece) - 1))) + 1


def unique_names(names: Iterable[str], taken: Iterable[str] = OWN) -> list[str]:
    """Names that SQL tells apart, which takes `Id` and `ID` for one, but not `É` and `é`.

    An empty name is `column`; one that stood before, or is taken, gets a number: `id_2`.
    """
    folded = {fold(name) for name in taken}
    unique = []
    for name in names:
        word = base = without_nul(name) or "column"
        number = 1
        while fold(word) in folded:
            number += 1
            word = f"{base}_{number}"
        folded.add(fold(word))
        unique.append(word)
    return unique


def fold(name: str) -> str:
    """A name with A to Z small: the database takes two that are then alike for one."""
    return name.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def parsed(bodies: Sequence[SheetRows]) -> pa.Table:
    """One table of bodies that have one header, `server` and `day` first."""
    names = unique_names(bodies[0].header)
    table = _at_once(bodies, names) if all(body.shape.is_plain for body in bodies) else None
    if table is None:
        each = [_row_by_row(body, names) for body in bodies]
        counts, table = [one.num_rows for one in each], pa.concat_tables(each)
    else:
        counts = [body.shape.total for body in bodies]
    for place, own in enumerate(OWN):
        texts = [body.server if own == "server" else body.sheet.day for body in bodies]
        table = table.add_column(place, own, _repeated(texts, counts))
    return table


def _repeated(texts: Sequence[str], counts: Sequence[int]) -> pa.Array:
    """Each text so many times; one array made at once, not thousands put together."""
    if len(set(texts)) == 1:
        return pa.repeat(pa.scalar(texts[0]), sum(counts))
    numbers = chain.from_iterable(map(repeat, range(len(texts)), counts))
    return pa.array(texts, pa.string()).take(pa.array(numbers, pa.int32(), size=sum(counts)))


def _at_once(bodies: Sequence[SheetRows], names: list[str]) -> pa.Table | None:
    """All rows by Arrow's parser; None where it does not see as many rows as there should be."""
    content = b"".join(_with_line_end(body.rows) for body in bodies)
    if not content:
        return _table_of(names, [[] for _ in names])
    try:
        with Border(StorageError):
            table = _by_arrow(content, names)
    except StorageError:  # which row it was is told by who reads them one by one
        return None
    return table if table.num_rows == sum(body.shape.total for body in bodies) else None


def _with_line_end(rows: bytes) -> bytes:
    return rows if rows.endswith((b"\n", b"\r")) or not rows else rows + b"\r\n"


def _by_arrow(content: bytes, names: list[str]) -> pa.Table:
    """Cells as they stand, not one guessed; an empty one is null."""
    return arrow_csv.read_csv(
        pa.BufferReader(content),
        read_options=arrow_csv.ReadOptions(
            column_names=names, use_threads=False, block_size=max(1 << 20, len(content) + 1)
        ),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _row_by_row(body: SheetRows, names: list[str]) -> pa.Table:
    rows = list(_checked_rows(body, len(names)))
    return _table_of(names, list(zip(*rows, strict=True)) or [[] for _ in names])


def _table_of(names: list[str], columns: Iterable[Sequence[str | None]]) -> pa.Table:
    cells = [pa.array(column, pa.string()) for column in columns]
    return pa.table(cells, names=names) if names else pa.table({})


def _checked_rows(body: SheetRows, width: int) -> Iterator[list[str | None]]:
    """Each row; StorageError, naming it, for one that has not as many cells as the header."""
    for number, cells in enumerate(_read_rows(body), body.first):
        if not cells and width != 1:
            continue  # an empty line is no row, unless an empty cell is all that a row may have
        row = cells or [""]
        if len(row) != width:
            raise StorageError(
                f"{body.sheet.path}: row {number} has {len(row)} cells where the header has "
                f"{width}. {WRONG}"
            )
        yield [cell or None for cell in row]


def _read_rows(body: SheetRows) -> Iterator[list[str]]:
    told = f"{body.sheet.path}: from row {body.first} on it is no CSV of UTF-8 text"
    with Border(StorageError, f"{told}. {WRONG}"):
        text = io.StringIO(body.rows.decode(), newline="")
    reader = csv.reader(text, strict=True)
    number = body.first - 1
    while True:
        number += 1
        with Border(StorageError, f"{body.sheet.path}: row {number} is no CSV. {WRONG}"):
            cells = next(reader, None)
        if cells is None:
            return
        yield cells
