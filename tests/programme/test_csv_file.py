"""Bytes become rows: each once, with its line, whatever the pieces; what is no CSV says where."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator
from itertools import chain, pairwise, repeat
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mtdata.programme import csv_file
from mtdata.programme.csv_file import rows, whole_lines
from mtdata.programme.csv_refusal import LONGEST_CELL, LONGEST_ROW, FileRefused
from tests.programme.csv_pieces import HEADER, layout_of, outcome, pieces, rows_of

CELLS = st.text(st.sampled_from('ab ,;"\r\n\0é😀\u2028\x85\ufeff'), max_size=6)
SOUND_ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=8)
LINE_ENDS = st.sampled_from(["\r\n", "\n", "\r"])
ANY_BYTES = st.lists(
    st.sampled_from([b"a", b" ", b",", b'"', b'""', b"\r", b"\n", b"\r\n", b"\0", b"\xc3\xa9"])
    | st.sampled_from([b"\xe9", b"\xf0\x9f\x98\x80", b"\xc3", b"\x80", b"\xef\xbb\xbf"]),
    max_size=40,
).map(b"".join)


def written(cells: list[list[str]], line_end: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(cells)
    return text.getvalue().encode()


@given(SOUND_ROWS, LINE_ENDS, st.integers(1, 30), st.integers(1, 60))
def test_what_was_written_is_read(
    cells: list[list[str]], line_end: str, size: int, block: int
) -> None:
    file = HEADER + written(cells, line_end)
    found, refused = outcome(file, size, block)
    assert (refused, [row.cells for row in found]) == ("", cells)
    assert not found or found[-1].offset_after == len(file)


@given(ANY_BYTES, st.integers(1, 30), st.integers(1, 60))
@example(b'a,"b\r\nc"\r\n', 1, 1)
@example(b'"a"\n"b\n\xe9', 3, 1)
@example(b"a\r\r\nb", 2, 1)
@example(b"\n\rb\n b\n", 1, 1)
def test_pieces_and_blocks_change_nothing(file: bytes, size: int, block: int) -> None:
    assert outcome(HEADER + file, size, block) == outcome(HEADER + file, 10_000, 10_000)


@given(ANY_BYTES, st.integers(1, 30))
def test_reading_on_behind_any_row_gives_the_rows_that_remain(text: bytes, size: int) -> None:
    file = HEADER + text
    whole, refused = outcome(file, 10_000, 10_000)
    layout = layout_of(file)
    for number, row in enumerate(whole, 1):
        left = rows(pieces(file[row.offset_after :], size), layout, *row[2:], 1)
        found = []
        words = ""
        try:
            for one in left:
                found.append(one)
        except FileRefused as error:
            words = str(error)
        assert (found, words) == (whole[number:], refused)


@given(ANY_BYTES)
def test_a_row_begins_on_the_line_that_an_editor_shows(text: bytes) -> None:
    file = HEADER + text
    found, _ = outcome(file, 7, 1)
    for row in found:
        before = file[: row.offset_after].splitlines()
        assert row.line < row.line_after == len(before) + 1
    assert all(one.line_after <= two.line for one, two in pairwise(found))


def test_lines_are_counted_through_cells_and_blank_lines() -> None:
    file = HEADER + b'a,"x\r\ny\nz",,\r\n\r\n\r\nb,,,\r\nc,,,'
    assert [(row.line, row.line_after) for row in rows_of(file)] == [(2, 5), (7, 8), (8, 9)]


def test_a_quote_within_an_unquoted_cell_is_text() -> None:
    assert rows_of(HEADER + b'6" nails,5\xe2\x80\xb2 9",,\r\n')[0].cells[:2] == [
        '6" nails',
        '5\u2032 9"',
    ]


class Refused(NamedTuple):
    """A file behind its header, how many rows of it are read, and why no more are."""

    text: bytes
    rows: int
    words: str


REFUSED = {
    "no UTF-8 in the middle": Refused(
        b"a,b,c,d\r\n" * 500 + b"Ren\xe9,b,c,d\r\n",
        500,
        "line 502: byte 0xE9 at offset 4,537 is not UTF-8; save the file as CSV in UTF-8",
    ),
    "a letter cut at the end": Refused(
        b"a,b,c,\xf0\x9f\x98", 0, "line 2: byte 0xF0 at offset 40 is not UTF-8"
    ),
    "a quote left open": Refused(
        b'a,b,c,d\r\na,"b,c,d\r\nx,y,z,\r\n', 1, "line 3, column 2: a quote is left open here"
    ),
    "a quote left open behind doubled ones": Refused(
        b'a,"b""c\r\n""', 0, "line 2, column 2: a quote is left open here"
    ),
    "a quote opened in a second line of a row": Refused(
        b'"a\r\nb","c\r\nd', 0, "line 3, column 2: a quote is left open here"
    ),
    "text behind a quote": Refused(
        b'"a\r\nb"c,d\r\n',
        0,
        "line 3, column 1: text stands behind the closing quote of a cell whose quote opened on "
        "line 2",
    ),
    "a cell too long": Refused(
        b"a,b,c,d\r\n1," + b"x" * (LONGEST_CELL + 1) + b",c,d\r\n",
        1,
        "line 3, column 2: a cell has more than 131,072 characters",
    ),
    "a quote left open before much": Refused(
        b'a,b,c,"d\r\n' + b"a,b,c,d\r\n" * 20_000,
        0,
        "line 2, column 4: a cell has more than 131,072 characters; is a quote left open?",
    ),
    "a quote left open in a row too long": Refused(
        (b"x" * 100_000 + b",") * 10 + b'"' + b"y" * 100_000,
        0,
        "line 2, column 11: a quote is left open here: the row is longer than 1,048,576 bytes",
    ),
    "a row too long": Refused(
        b"a,b,c,d\r\n" + (b"x" * 100_000 + b",") * 20 + b"\r\n",
        1,
        "line 3: the row is longer than 1,048,576 bytes",
    ),
    "text behind a quote in a row too long": Refused(
        (b"x" * 100_000 + b",") * 12 + b'"a"b\r\n',
        0,
        "line 2: the row is longer than 1,048,576 bytes",
    ),
    "a million columns": Refused(
        b"," * 999_999 + b"\r\n", 0, "line 2: 1,000,000 columns; at most 256 are allowed"
    ),
    "more columns than a row may be long": Refused(
        b"cell," * 300_000, 0, "line 2: the row is longer than 1,048,576 bytes"
    ),
}


@pytest.fixture
def csv_limit() -> Iterator[None]:
    """Whatever limit the csv module has for the whole program, it has again behind the test."""
    before = csv.field_size_limit()
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("csv_limit")
@pytest.mark.parametrize("size", [4096, 3_000_000])
@pytest.mark.parametrize("limit", [131_072, 2**31 - 1])
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_csv_says_where(case: str, limit: int, size: int) -> None:
    csv.field_size_limit(limit)
    expected = REFUSED[case]
    found, refused = outcome(HEADER + expected.text, size, 4096)
    assert refused.startswith(expected.words)
    assert len(found) == expected.rows


def test_the_longest_cell_and_row_are_read() -> None:
    cells = [b"x" * LONGEST_CELL] * 7
    file = HEADER + b",".join([*cells, b"y" * (LONGEST_ROW - 7 * LONGEST_CELL - 9)]) + b"\r\n"
    (row,) = rows_of(file, 5000, 5000)
    assert row.offset_after - len(HEADER) == LONGEST_ROW
    assert "longer than" in outcome(file.replace(b"\r\n", b"y\r\n"), 5000, 5000)[1]


def test_a_doubled_quote_is_a_single_character_of_the_longest_cell() -> None:
    file = HEADER + b'"' + b'""' * (LONGEST_CELL - 1) + b'\n",b'
    (row,) = rows_of(file, 5000, 5000)
    assert row.cells == ['"' * (LONGEST_CELL - 1) + "\n", "b"]
    file = HEADER + b'"' + b'""' * 70_000 + b"\n" + b"x" * 30_000 + b'",b'
    (row,) = rows_of(file, 5000, 5000)  # its first line is read before the second is there
    assert len(row.cells[0]) == 100_001


def test_a_long_row_in_small_pieces_is_read_a_few_times_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lengths: list[int] = []

    def counting(text: bytes, *, is_last: bool) -> list[bytes]:
        lengths.append(len(text))
        return whole_lines(text, is_last=is_last)

    monkeypatch.setattr(csv_file, "whole_lines", counting)
    file = HEADER + b",".join([b'"%b"' % (b"x\r\n" * 40_000)] * 4)
    assert len(rows_of(file, 1000, 1000)) == 1
    assert sum(lengths) < 4 * len(file)


def test_memory_is_that_of_a_block_however_long_the_file() -> None:
    piece = b'Team,"%b, it",Anna,Bob\r\n' % (b"x" * 60_000)
    count = 600
    layout = layout_of(HEADER + piece)
    tracemalloc.start()
    try:
        found = rows(repeat(piece, count), layout, layout.line, layout.offset)
        assert sum(1 for _ in found) == count
        assert tracemalloc.get_traced_memory()[1] < 2_000_000 < len(piece) * count / 10
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("piece", [b"x", b"x,", b"x\r\n", b'""', b"a,b\r\n"])
def test_a_row_without_end_is_refused_before_much_is_read(piece: bytes) -> None:
    layout = layout_of(HEADER)
    endless = chain([b'a,"'], repeat(piece * (65_536 // len(piece))))
    with pytest.raises(FileRefused, match="is a quote left open"):
        next(rows(endless, layout, layout.line, layout.offset))
    assert next(rows(chain([b"a,b,c,d\n"], repeat(b"\r\n" * 99)), layout, 2, 0)).line == 2
