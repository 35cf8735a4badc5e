"""A report on its way to a spreadsheet: whatever the pieces, each cell is as `guarded` makes it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mtdata.cake import account as cake_account
from mtdata.cake.accounts import account_named
from mtdata.config import load
from mtdata.core import guarding
from mtdata.core.csv_lines import csv_line
from mtdata.core.errors import OutputError
from mtdata.core.formulas import guarded
from mtdata.core.guarding import guarded_pieces
from mtdata.duties import KINDS
from tests.jobs.place import SITE

SIGNS = ["", "=", "+", "-", "@", "\t", "\r", "\n", '"', "'"]
WIDE = ["＝", "＋", "－", "＠", "\xa0", "\u3000", "\ufeff", "\u200b", ";", "\x00", "\x1f"]  # noqa: RUF001
BEGINNINGS = [*SIGNS, *WIDE, "+4", "-1.5", "-1,000", "-1e-05", " -5", '=HYPER("x")']
PIECES = "=+-@\t\r\n\",;'a1.€𝄞é ＝\xa0\u3000"  # noqa: RUF001
CELL = st.builds(
    str.__add__,
    st.sampled_from(BEGINNINGS),
    st.text(st.sampled_from(PIECES) | st.characters(codec="utf-8"), max_size=12),
)
_FORMULA = re.compile(r'[\s\x00-\x1f\xa0\u200b\ufeff"]*[=+\-@＝＋－＠]')  # noqa: RUF001


def cut(content: bytes, lengths: list[int]) -> Iterator[bytes]:
    """In pieces of these lengths, and the rest."""
    for length in lengths:
        yield content[:length]
        content = content[length:]
    yield content


@given(
    st.lists(st.lists(CELL, min_size=2, max_size=5), max_size=8),
    st.lists(st.integers(0, 9), max_size=40),
)
def test_whatever_the_pieces_each_cell_is_guarded(rows: list[list[str]], cuts: list[int]) -> None:
    content = b"".join(csv_line(row) for row in rows)
    made = b"".join(guarded_pieces(cut(content, cuts))).decode()
    found = list(csv.reader(io.StringIO(made, newline="")))
    assert found == [[guarded(cell) for cell in row] for row in rows]


@given(st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=4), st.sampled_from(",;\t"))
def test_no_formula_begins_a_cell_whatever_stands_between_cells(
    rows: list[list[str]], between: str
) -> None:
    rows = [["x", *row] for row in rows]  # as in our reports, which begin with an id
    made = b"".join(guarded_pieces([b"".join(csv_line(row) for row in rows)])).decode()
    plain = {cell for row in rows for cell in row if guarded(cell) == cell}
    for row in csv.reader(io.StringIO(made, newline=""), delimiter=between):
        for cell in row:
            assert not _FORMULA.match(cell) or cell in plain, cell


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("x;=1+1", "x;'=1+1"),
        ("x\t=1+1", "x\t'=1+1"),
        ("x;-5", "x;'-5"),  # what follows in the row would belong to it
        ('x;"=1+1"', 'x;\'"=1+1"'),
        ('"=1+1"', '\'"=1+1"'),
        ("\t=1+1", "'\t'=1+1"),
        ("x\n=1+1", "x\n'=1+1"),
        ("x\r=1+1", "x\r'=1+1"),
        ("  =1+1", "'  =1+1"),
        ("\xa0=1+1", "'\xa0=1+1"),
        ("\u3000=1+1", "'\u3000=1+1"),
        ("\ufeff=1+1", "'\ufeff=1+1"),
        ("＝1+1", "'＝1+1"),  # noqa: RUF001
        ("＋1", "'＋1"),  # noqa: RUF001
        ("－1", "'－1"),  # noqa: RUF001
        ("＠SUM(1)", "'＠SUM(1)"),  # noqa: RUF001
        ("a; b, c-d=e", "a; b, c-d=e"),
        ("2026-03-01; 10:00", "2026-03-01; 10:00"),
        *((one, one) for one in ("-5", "-1.5", "-1,000", " -5", "-1e-05", "+49", "-0:01:02")),
    ],
)
def test_what_a_spreadsheet_would_calculate_has_a_mark_before_it(cell: str, expected: str) -> None:
    assert guarded(cell) == expected
    line = csv_line(["x", cell])
    made = b"".join(guarded_pieces([line])).decode()
    assert list(csv.reader(io.StringIO(made, newline=""))) == [["x", expected]]


def test_no_more_than_a_row_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "MOST_OF_A_ROW", 1000)
    rows = (csv_line([f"={number}", "x" * 400]) for number in range(50))
    assert len(list(guarded_pieces(rows))) == 50
    with pytest.raises(OutputError, match="longer than 1,000"):
        list(guarded_pieces([b'"' + b"x\n" * 499, b"yyyy"]))


@pytest.mark.parametrize("word", ["True", "False", None])
def test_a_report_begins_with_a_mark_for_excel_where_the_account_says_so(
    tmp_path: Path, word: str | None
) -> None:
    account = {"ADMIN_DOMAIN": "a.example.com", "API_KEY": "k", "TIMEZONE": "UTC", "CSV_BOM": word}
    (tmp_path / "server.config").write_text(yaml.safe_dump({"study": SITE}))
    (tmp_path / "export.config").write_text(yaml.safe_dump({"CAKE": account}))
    head = cake_account.cake_columns(account_named(load(tmp_path, {})), "clicks", {}).head()
    assert head.startswith(b"\xef\xbb\xbfClick ID," if word == "True" else b"Click ID,")
    assert b"".join(guarded_pieces([head])) == head


@pytest.mark.parametrize(
    ("word", "is_guarded"), [("browser", True), ("off", False), ("all", False)]
)
def test_what_a_browser_gets_is_guarded_as_the_account_says(
    tmp_path: Path, word: str, is_guarded: bool
) -> None:
    account = {"ADMIN_DOMAIN": "a.example.com", "API_KEY": "k", "TIMEZONE": "UTC"}
    (tmp_path / "server.config").write_text(yaml.safe_dump({"study": SITE}))
    (tmp_path / "export.config").write_text(yaml.safe_dump({"CAKE": account | {"CSV_GUARD": word}}))
    settings = load(tmp_path, {})
    for kind in (KINDS["cake.clicks"], KINDS["cake.conversions"], KINDS["cake.changes"]):
        found = kind.guard(settings, {"account": account_named(settings).name})
        assert (found is guarded_pieces) == is_guarded
        assert kind.guard(settings, {"account": "of somebody who is gone"}) is guarded_pieces
