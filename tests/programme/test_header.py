"""Line 1 tells how a file is to be read: by its names, or by position as the original platform."""

from __future__ import annotations

from itertools import repeat

import pytest

from mtdata.programme.columns import FORM, TEAM, Columns
from mtdata.programme.csv_file import FileLayout
from mtdata.programme.csv_refusal import LONGEST_CELL, FileRefused
from mtdata.programme.header import read_layout
from tests.programme.csv_pieces import FORM_HEADER, HEADER, check_of, layout_of, pieces


def test_the_originals_header_is_known() -> None:
    assert layout_of(HEADER) == FileLayout(",", (0, 1, 2, 3), (), False, 4, 2, len(HEADER))


def test_the_exports_header_is_known() -> None:
    layout = layout_of(FORM_HEADER, FORM)
    assert layout.places == tuple(range(9))
    assert layout.unknown == ()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_delimiter_line_end_and_mark_are_seen(delimiter: str, line_end: str, bom: bytes) -> None:
    names = delimiter.join([" Members ", "NAME", '"of, no; use|\there"', "manager"])
    line = bom + f"{names}{line_end}".encode()
    check = check_of(line + delimiter.join(["m", "n", "x", "b"]).encode())
    assert check.layout == FileLayout(
        delimiter, (1, None, 3, 0), ("of, no; use|\there",), False, 4, 2, len(line)
    )
    assert (check.rows, check.good) == (1, 1)


def test_names_decide_on_the_delimiter_before_the_number_of_cells() -> None:
    assert layout_of(b"name;members, a, b, c, d\r\n").delimiter == ";"


def test_a_delimiter_within_quotes_divides_nothing() -> None:
    assert layout_of(b'"Equipe, Nom, Lieu";"a, b"\n').delimiter == ";"
    with pytest.raises(FileRefused, match="no column name"):
        layout_of(b'"name; a; b; c",members\n')


def test_a_header_of_unknown_names_means_positions() -> None:
    layout = layout_of(b"Equipe;Texte;Chef\n")
    assert layout == FileLayout(";", (0, 1, 2, None), (), True, 3, 2, 18)
    assert layout_of(b"a,b,c,d,e,f\n").places == (0, 1, 2, 3)


def test_a_header_of_several_lines_is_counted() -> None:
    check = check_of(b'name,"what\r\nit is"\r\nA,\r\n,\r\n')
    assert (check.layout.line, check.layout.unknown) == (3, ("what\r\nit is",))
    assert [(fault.line, fault.column) for fault in check.faults] == [(4, "name")]


def test_a_column_without_a_name_is_left_out() -> None:
    assert layout_of(b"name,,\r\n").unknown == ("column 2", "column 3")


@pytest.mark.parametrize("header", [b"name", b"name\n", b"name\r", b"name,members\r\n\r\n\r\n"])
def test_a_header_alone_is_a_file_of_no_rows(header: bytes) -> None:
    assert check_of(header)[:4] == (0, 0, 0, ())


REFUSED: dict[str, tuple[bytes, Columns, str]] = {
    "empty": (b"", TEAM, "the file is empty"),
    "empty but for its mark": (b"\xef\xbb\xbf", TEAM, "the file is empty"),
    "blank": (b"\r\nname\r\n", TEAM, "line 1: it is blank"),
    "UTF-16": ("name\r\n".encode("utf-16"), TEAM, "the file is UTF-16; save it as CSV in UTF-8"),
    "UTF-16, big": ("\ufeffname".encode("utf-16-be"), TEAM, "the file is UTF-16"),
    "UTF-32": ("name\r\n".encode("utf-32"), TEAM, "the file is UTF-32"),
    "UTF-16 without a mark": ("name\r\n".encode("utf-16-le"), TEAM, "line 1: it has NUL bytes"),
    "a spreadsheet": (b"PK\x03\x04\x14\0", TEAM, "the file is a spreadsheet"),
    "Latin-1": (b"name,pr\xe9nom\r\n", TEAM, "line 1: byte 0xE9 at offset 7 is not UTF-8"),
    "Latin-1 behind a mark": (b"\xef\xbb\xbfname,\xe9", TEAM, "line 1: byte 0xE9 at offset 8"),
    "a name twice": (b"name,x,NAME \r\n", TEAM, "line 1, column 3: columns 1 and 3 have one name"),
    "a column twice": (
        FORM_HEADER.replace(b"mobile_no", b"name_of_respondent"),
        FORM,
        "line 1, column 7: columns 3 and 7 are both name_of_respondent",
    ),
    "no name": (b"manager,members\r\n", TEAM, "line 1: there is no column name"),
    "no time": (FORM_HEADER.replace(b"timestamp", b"at"), FORM, "line 1: there is no column times"),
    "too few by position": (
        b"Zeit,Wer\r\n",
        FORM,
        "line 1: 2 columns, and none has a name that is known; by position name_of_respondent is "
        "column 3",
    ),
    "too many columns": (b"name" + b"," * 256, TEAM, "line 1: 257 columns; at most 256"),
    "a million columns": (b"column," * 200_000, TEAM, "line 1: the row is longer than 1,048,576"),
    "an open quote": (b'name,"members\r\na,b\r\n', TEAM, "line 1, column 2: a quote is left open"),
    "an open quote, by position": (
        b'Equipe,"Chef\n',
        TEAM,
        "line 1, column 2: a quote is left open",
    ),
    "an open quote before others' delimiters": (
        b'\xef\xbb\xbfname,"x;y;z\n',
        TEAM,
        "line 1, column 2: a quote is left open",
    ),
    "a cell too long": (
        b"name," + b"x" * (LONGEST_CELL + 1),
        TEAM,
        "line 1, column 2: a cell has more than 131,072 characters",
    ),
    "an open quote, semicolons": (b'"name";"a\r\n', TEAM, "line 1, column 2: a quote is left open"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_read_is_refused(case: str) -> None:
    file, columns, words = REFUSED[case]
    with pytest.raises(FileRefused) as refused:
        layout_of(file, columns)
    assert str(refused.value).startswith(words)


def test_a_header_without_end_is_refused_before_much_is_read() -> None:
    with pytest.raises(FileRefused, match="longer than"):
        read_layout(repeat(b"name," * 1000), TEAM)


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_the_pieces_of_a_header_change_nothing(size: int) -> None:
    file = b"\xef\xbb\xbf" + FORM_HEADER.replace(b"user", '"us\r\ner é"'.encode() + b",user")
    assert read_layout(pieces(file, size), FORM) == layout_of(file, FORM)
