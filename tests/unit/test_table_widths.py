"""Tables on a terminal of any width: in frames, without, or row by row, and never a word cut."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import pytest

from mtdata.cli.tables import table

HEADS = ("name", "status", "rows", "why")
ROWS = [
    ("conversions_of_the_first_account", "In Progress", 1_200_300, "it waits for the other"),
    ("clicks", "Success", 7, ""),
]
WORDS = {word for row in ROWS for cell in row for word in str(cell).split()}
FRAME = "┃│"
Printed = Callable[[int], list[str]]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Printed:
    """What a terminal of so many columns shows."""

    def at(width: int) -> list[str]:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", str(width))
        table("jobs", HEADS, ROWS)
        return re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()

    return at


@pytest.mark.parametrize(
    ("width", "is_framed", "is_listed"),
    [(85, True, False), (84, False, False), (78, False, False), (77, False, True)],
)
def test_a_table_fits_the_terminal_and_cuts_no_word(
    printed: Printed, width: int, is_framed: bool, is_listed: bool
) -> None:
    lines = printed(width)
    assert max(map(len, lines)) <= width
    shown = "\n".join(lines)
    assert {word for word in WORDS if word not in shown} == set()
    assert any(mark in shown for mark in FRAME) == is_framed
    assert ("status In Progress; rows 1200300" in shown) == is_listed


def test_row_by_row_an_empty_cell_is_not_told(printed: Printed) -> None:
    lines = printed(40)
    assert lines[-2:] == ["  clicks", "    status Success; rows 7"]
