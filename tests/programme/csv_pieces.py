"""Files of CSV in pieces, and what a reading of them gives; used by the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from mtdata.programme.columns import TEAM, Columns
from mtdata.programme.csv_file import CsvRow, FileLayout, rows
from mtdata.programme.csv_refusal import FileRefused
from mtdata.programme.header import read_layout
from mtdata.programme.row_check import FileCheck, check_file

BERLIN = ZoneInfo("Europe/Berlin")
HEADER = b"name,description,manager,members\r\n"
FORM_HEADER = (
    b"timestamp,user,name,gender_of_respondent,reading_books,listening_music,mobile_no,"
    b"record_latitude,record_longitude\r\n"
)


def pieces(file: bytes, size: int) -> Iterator[bytes]:
    """The file in pieces of that size."""
    for start in range(0, len(file), size):
        yield file[start : start + size]


def layout_of(file: bytes, columns: Columns = TEAM) -> FileLayout:
    return read_layout(pieces(file, 1000), columns)


def rows_of(file: bytes, size: int = 1000, block: int = 1) -> list[CsvRow]:
    """All rows of the file, read in pieces of that size and blocks that are as small as can be."""
    layout = layout_of(file)
    return list(
        rows(pieces(file[layout.offset :], size), layout, layout.line, layout.offset, block)
    )


def check_of(file: bytes, columns: Columns = TEAM) -> FileCheck:
    return check_file(pieces(file, 1000), columns, BERLIN)


def outcome(file: bytes, size: int, block: int) -> tuple[list[CsvRow], str]:
    """The rows until the file ends or is refused, and the words of the refusal."""
    found: list[CsvRow] = []
    try:
        layout = layout_of(file)
        behind = pieces(file[layout.offset :], size)
        for row in rows(behind, layout, layout.line, layout.offset, block):
            found.append(row)
    except FileRefused as refused:
        return found, str(refused)
    return found, ""
