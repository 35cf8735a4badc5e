"""The lines of a batch made at one go are those that are made row by row, or there are none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.core.csv_lines import csv_lines
from mtdata.study.model.package import read_fields
from mtdata.study.model.receipt import Backup, Kept, Span
from mtdata.study.model.row import EARLIER, Digits, Opened, columns_of, spread
from mtdata.study.model.row_layout import enveloped, lines_at_once, rows_of
from mtdata.study.model.scale import Scale
from mtdata.study.model.still_sealed import StillSealed

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
NUMBER = st.sampled_from(["0.10", "1e5", "-0", "-2.50"]).map(Digits)
CELL = st.none() | st.booleans() | st.integers() | TEXT | NUMBER
NAMES = st.sampled_from(["id", "mood", "nameRSA", "placeRSA", "a,b", 'q"'])
ENTRIES = st.lists(st.dictionaries(NAMES, CELL), min_size=1, max_size=5)


def batch(entries: list[dict[str, Any]]) -> Backup:
    kept = (Kept(n, n, b"", Span(1, 0, 0), values) for n, values in enumerate(entries))
    return Backup(Scale("Mood", 0, True), tuple(kept))


def both(
    entries: list[dict[str, Any]], texts: list[Any] | None = None
) -> tuple[bytes | None, bytes]:
    """At one go, and row by row; what is sealed opens to these, or to itself."""
    envelope, found = enveloped(batch(entries))
    answer = Opened(found if texts is None else texts, [""] * len(found))
    columns = tuple(sorted({"wider"}.union(*map(columns_of, entries))))
    rows = rows_of(envelope, answer).rows
    slowly = b"".join(csv_lines(spread(row.columns, row.cells, columns) for row in rows))
    return lines_at_once(envelope, answer, columns), slowly


@given(ENTRIES)
def test_the_lines_of_usual_entries_are_those_of_their_rows(entries: list[dict[str, Any]]) -> None:
    at_once, slowly = both(entries)
    assert at_once == slowly


def test_each_sealed_value_that_is_there_is_filled_in_its_place() -> None:
    entries: list[dict[str, Any]] = [
        {"bRSA": "x", "aRSA": None, "id": 1},
        {"id": 2, "aRSA": "y", "bRSA": "z"},
    ]
    at_once, slowly = both(entries, ["one", "two", "three"])
    assert at_once == slowly == b",one,1,\r\ntwo,three,2,\r\n"


@pytest.mark.parametrize(
    "odd",
    [
        {"a": "a\0"},
        {"a\0": 1},
        {"a": "\ud800"},
        {"\ud800": 1},
        {"a": [1, "x"]},
        {"a": {"b": True}},
        {"aRSA": {"b": 1}},
        {"aRSA": []},
        {"a": 10**5000},
    ],
)
def test_of_a_batch_with_an_odd_entry_nothing_is_said(odd: dict[str, Any]) -> None:
    entries = [{"id": 1}, odd]
    envelope, texts = enveloped(batch(entries))
    columns = tuple(sorted({*entries[0], *odd}))
    assert lines_at_once(envelope, Opened(texts, []), columns) is None


@pytest.mark.parametrize("text", [StillSealed("no key opens it"), "a\0", "\ud800", ["a"], {"a": 1}])
def test_of_a_batch_with_a_value_that_opened_to_something_odd_nothing_is_said(text: Any) -> None:
    envelope, _ = enveloped(batch([{"id": 1}, {"id": 2, "nameRSA": "x"}]))
    assert lines_at_once(envelope, Opened([text], []), ("id", "nameRSA")) is None


def test_nor_of_a_sheet_in_the_earlier_form_or_of_one_without_a_column() -> None:
    envelope, _ = enveloped(batch([{"id": 1, "x": Digits("1.50")}]))
    assert lines_at_once(envelope, Opened([], []), ("id", "x")) == b"1,1.50\r\n"
    assert lines_at_once(envelope, Opened([], []), ("id", "x"), EARLIER) is None
    assert lines_at_once(envelope, Opened([], []), ("id",)) is None


@given(st.dictionaries(TEXT, st.floats(allow_nan=False, allow_infinity=False)))
def test_what_is_read_of_an_entry_holds_no_number_that_is_worded_anew(values: Any) -> None:
    body = json.dumps(values).encode()
    read = read_fields(body) or {}
    assert float not in {*map(type, read.values())}
