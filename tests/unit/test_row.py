"""Cells, sealed places and digests of rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.domain.row import (
    StillSealed,
    cells_digest,
    cells_of,
    csv_cells,
    csv_line,
    opened,
    sealed_values,
    spread,
)
from mtdata.errors import EntryError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "True"),
        (False, "False"),
        (12345678901234567890123, "12345678901234567890123"),
        (0.1, "0.1"),
        (1e22, "1e+22"),
        (2.0, "2.0"),
        ("a\r\nb", "a\r\nb"),
        ([1, "é", None], '[1,"é",null]'),
        ({"b": 1, "a": [True]}, '{"b":1,"a":[true]}'),
    ],
)
def test_a_value_has_one_form_as_a_cell(value: Any, cell: str) -> None:
    assert cells_of({"b": value, "a": 1}) == (("a", "b"), ["1", cell])


@pytest.mark.parametrize("value", [float("inf"), "\ud800", ["\ud800"], {"x": float("inf")}])
def test_a_value_without_a_form_makes_no_row(value: Any) -> None:
    with pytest.raises(EntryError):
        cells_of({"a": value})


@given(st.lists(TEXT, min_size=1))
def test_a_line_gives_back_its_cells(cells: list[str]) -> None:
    assert csv_cells(csv_line(cells)) == cells


@given(st.dictionaries(TEXT, TEXT), st.sets(TEXT))
def test_more_columns_leave_the_digest_as_it_is(row: dict[str, str], more: set[str]) -> None:
    columns = tuple(sorted(row))
    cells = [row[column] for column in columns]
    wide = tuple(sorted({*columns, *more}))
    assert cells_digest(wide, spread(columns, cells, wide)) == cells_digest(columns, cells)


@given(st.lists(st.tuples(TEXT, TEXT.filter(bool)), min_size=1, unique_by=lambda pair: pair[0]))
def test_a_cell_that_changes_or_moves_changes_the_digest(pairs: list[tuple[str, str]]) -> None:
    columns, cells = zip(*sorted(pairs), strict=True)
    before = cells_digest(columns, cells)
    assert cells_digest(columns, [cells[0] + "x", *cells[1:]]) != before
    assert cells_digest([columns[0] + "x", *columns[1:]], cells) != before
    assert cells_digest(["\0".join([*columns, *cells])], [""]) != before


def test_a_nul_in_a_cell_does_not_make_two_rows_one() -> None:
    assert cells_digest(["a"], ["x\0b\0y"]) != cells_digest(["a", "b"], ["x", "y"])


def test_sealed_fields_are_found_and_filled_wherever_they_stand() -> None:
    values = {
        "xRSA": "s1", "plain": "p", "nullRSA": None, "emptyRSA": "",
        "deep": {"yRSA": "s2", "list": [{"zRSA": ["s3", "s4"]}]},
    }  # fmt: skip
    assert sealed_values(values) == ["s1", "", "s2", "s3", "s4"]
    filled = opened(values, ["1", "e", "2", "3", "4"])
    assert filled["xRSA"] == "1"
    assert filled["deep"] == {"yRSA": "2", "list": [{"zRSA": ["3", "4"]}]}
    assert (filled["nullRSA"], filled["emptyRSA"], filled["plain"]) == (None, "e", "p")
    assert values["xRSA"] == "s1"


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        (17, [17]),
        (False, [False]),
        (0.5, [0.5]),
        ("", [""]),
        ([], [[]]),
        ({}, [{}]),
        ({"a": "s"}, [{"a": "s"}]),
        ({"aRSA": "s"}, [{"aRSA": "s"}]),
        (["s", None, 17, [], ["t", None]], ["s", 17, [], "t"]),
        (None, []),
        ([None], []),
    ],
)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_whatever_stands_in_a_sealed_place_is_asked_of_the_keys_but_null(
    value: Any, asked: list[Any], depth: int
) -> None:
    values: dict[str, Any] = {"aRSA": value, "b": 1}
    for _ in range(depth):
        values = {"id": 1, "deep": [values]}
    assert sealed_values(values) == asked
    assert opened(values, asked) == values
    if asked:
        with pytest.raises(EntryError, match="not a sealed text"):
            opened(values, [*asked[:-1], StillSealed("not a sealed text")])


def test_one_value_still_sealed_holds_the_whole_entry() -> None:
    with pytest.raises(EntryError, match="no key"):
        opened({"aRSA": "x", "bRSA": "y"}, ["1", StillSealed("no key")])
