"""Cells, sealed places and digests of rows."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.core.csv_lines import csv_cells, csv_line
from mtdata.core.errors import EntryError
from mtdata.study.model.mark import FORM
from mtdata.study.model.package import read_entry
from mtdata.study.model.row import (
    EARLIER,
    cells_digest,
    cells_of,
    flat_layout,
    opened,
    row_of,
    sealed_values,
    spread,
    undigested_row_of,
)
from mtdata.study.model.still_sealed import StillSealed

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


ODD_TEXT = st.text(st.sampled_from(["a", "\0", "\ud800", "é", '"', "\n"]), max_size=4)
SENT = st.none() | st.booleans() | st.integers() | st.floats() | ODD_TEXT | st.lists(ODD_TEXT)


@given(st.dictionaries(ODD_TEXT, SENT, max_size=5), st.sampled_from([EARLIER, FORM]))
def test_a_row_at_once_is_its_cells_and_their_digest(values: dict[str, Any], form: int) -> None:
    try:
        columns, cells = cells_of(values, form)
    except EntryError as error:
        for way in (row_of, undigested_row_of):
            with pytest.raises(EntryError, match=f"^{re.escape(str(error))}$"):
                way(values, form, flat_layout(values))
    else:
        made = columns, cells, cells_digest(columns, cells)
        assert row_of(values, form, flat_layout(values)) == made
        assert undigested_row_of(values, form, flat_layout(values)) == (columns, cells, b"")


def test_the_digest_of_a_row_is_what_the_ledgers_of_older_programs_hold() -> None:
    found = row_of({"b": 1, "none": None, "a": "x", "c": [True]})
    told = "a\0x\0b\0" + "1\0c\0[true]"
    assert found == (
        ("a", "b", "c", "none"),
        ["x", "1", "[true]", ""],
        sha256(told.encode()).digest(),
    )


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


NUMBERS = st.from_regex(r"\A-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?\Z")
BODIES = st.recursive(
    NUMBERS
    | TEXT.map(json.dumps)
    | st.sampled_from(["null", "true", "-0", "-0.0", "1.10", "1E400"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
        | st.lists(inner, max_size=3).map(
            lambda parts: "{" + ",".join(f'"k{n}" : {part}' for n, part in enumerate(parts)) + "}"
        )
    ),
    max_leaves=8,
)


@given(NUMBERS)
def test_a_number_is_the_digits_that_were_sent(number: str) -> None:
    for body, cell in ((number, number), (f"[{number}, {number}]", f"[{number},{number}]")):
        values = read_entry(f'{{"id":1,"x":{body}}}'.encode()).values
        assert values is not None
        assert cells_of(values) == (("id", "x"), ["1", cell])


def cells_before(value: Any) -> str | None:
    """The cell as the program wrote it before digits stood as they were sent; None for none."""
    if value is None:
        return ""
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return None
    if isinstance(value, dict | list):
        try:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        except ValueError:
            return None
    return str(value)


@given(BODIES)
def test_the_earlier_form_of_a_cell_is_what_the_program_wrote_before(body: str) -> None:
    entry = read_entry(f'{{"id":1,"x":{body}}}'.encode())
    assert entry.values is not None
    wanted = cells_before(json.loads(body))
    try:
        assert cells_of(entry.values, EARLIER) == (("id", "x"), ["1", wanted])
    except EntryError:
        assert wanted is None
    _, cells = cells_of(entry.values)
    assert "\0" not in cells[1]
    assert csv_cells(csv_line(cells)) == cells
    if body[0] not in '"[{':
        assert cells[1] in (body, "", "True")


def test_an_id_of_minus_zero_is_zero_in_each_form() -> None:
    entry = read_entry(b'{"id":-0,"x":-0}')
    assert entry.id == 0
    assert cells_of(entry.values or {})[1] == ["0", "-0"]
    assert cells_of(entry.values or {}, EARLIER)[1] == ["0", "0"]
