"""Answers in JSON: rows as they were sent, dates by the server's clock, or a refusal."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.cake.client.reading import CLICKS, NOTHING
from mtdata.cake.client.reading_json import JsonRows
from mtdata.core.errors import AnswerBroken
from tests.cake_account import BERLIN
from tests.exports.answers import outcome, read
from tests.exports.conftest import without_types


@pytest.mark.parametrize("size", [997, 10**9])
def test_dirty_rows_come_from_json_as_from_xml(sent: dict[str, Any], size: int) -> None:
    reader = JsonRows(CLICKS, BERLIN)
    assert [without_types(row) for row in read(reader, sent["json"], size)] == sent["rows"]
    assert (reader.head.success, reader.head.row_count) == (True, len(sent["rows"]))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.text(max_size=5) | st.sampled_from(["clicks", "d"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    ),
    st.integers(1, 50),
)
def test_any_json_is_read_or_refused(value: Any, size: int) -> None:
    for body in (json.dumps(value).encode(), json.dumps({"d": {"clicks": value}}).encode()):
        outcome(JsonRows(CLICKS, BERLIN), body, size)


def test_json_has_its_rows_wherever_the_counts_stand() -> None:
    reader = JsonRows(CLICKS, BERLIN)
    body = {"d": {"clicks": [{"a": 1, "b": {"c": None, "d": True}, "e": "007"}], "row_count": 1}}
    assert read(reader, json.dumps(body).encode()) == [{"a": "1", "b.d": "true", "e": "007"}]
    assert (reader.head.row_count, reader.head.success) == (1, None)
    bare = JsonRows(CLICKS, BERLIN)
    assert read(bare, b'{"success":false,"message":"no","clicks":null}') == []
    assert (bare.head.success, bare.head.message, bare.head.listed) == (False, "no", False)
    text = JsonRows(NOTHING, BERLIN)
    read(text, b'{"d":"KEY"}')
    assert text.head.text == "KEY"


@pytest.mark.parametrize(
    ("told", "zone", "date"),
    [
        ("/Date(1484870400000)/", "UTC", "2017-01-20T00:00:00"),
        ("/Date(1484870400120)/", "America/Los_Angeles", "2017-01-19T16:00:00.12"),
        ("/Date(1484870400000-0800)/", "UTC", "2017-01-20T00:00:00"),
        ("/Date(-1000)/", "UTC", "1969-12-31T23:59:59"),
        ("/Date(-62135596800000)/", "UTC", None),
        ("/Date(-62135568000000)/", "America/Los_Angeles", None),
        ("2017-01-20T00:00:00", "UTC", "2017-01-20T00:00:00"),
    ],
)
def test_json_dates_are_those_of_the_server_s_clock(told: str, zone: str, date: str | None) -> None:
    body = json.dumps({"d": {"clicks": [{"click_date": told, "sub_id_1": told}]}})
    (row,) = read(JsonRows(CLICKS, ZoneInfo(zone)), body.encode().replace(b"/", b"\\/"))
    assert row.get("click_date") == date
    assert row["sub_id_1"] == told, "what only looks like a date stays"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"d":', "breaks off"),
        (b"", "breaks off"),
        (b"  ", "breaks off"),
        (b"<html>", "web page"),
        (b"nonsense", "no JSON"),
        (b'{"d":{}}{"d":{}}', "no JSON"),
        (b"[" * 40, "nested too deeply"),
        (b'{"d":{"clicks":[{"a":' + b"1" * (2 << 20), "without a row"),
    ],
)
def test_json_that_cannot_be_read_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(AnswerBroken, match=words):
        read(JsonRows(CLICKS, BERLIN), body)


LONGEST = ["1" * 4301, "-" + "9" * 20_000, "-1E-999999999999999999999", "0." + "1" * 5000]
LONGEST += ["1e999999", "1E99999999999999999", "12345678901234567890", "-0.0", "100.00", "1E400"]


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_number_of_any_length_costs_no_answer(size: int) -> None:
    texts = ['"', "\\", '\\"' + "1" * 40 + "\\", "2" * 30, '7"}' + "3" * 30]
    rows = [{"a": number, "b": text} for number in LONGEST for text in texts]
    told = ",".join(f'{{"a": {one["a"]},"b":{json.dumps(one["b"])}}}' for one in rows)
    found = read(JsonRows(CLICKS, BERLIN), f'{{"d":{{"clicks":[{told}]}}}}'.encode(), size)
    assert [row["b"] for row in found] == [row["b"] for row in rows]
    assert {row["a"] for row in found} >= {*LONGEST} - {"1e999999", "1E99999999999999999", "1E400"}
    assert all(len(row["a"]) <= 20_001 for row in found)


def test_a_date_that_no_calendar_has_stands_as_it_came() -> None:
    body = b'{"d":{"clicks":[{"x_date":"/Date(999999999999999)/"}]}}'
    assert read(JsonRows(CLICKS, BERLIN), body) == [{"x_date": "/Date(999999999999999)/"}]
