"""Entries out of a stream: exact bytes at any chunk size, and faults that stay where they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.core.errors import PackageError
from mtdata.study.model import package
from mtdata.study.model.package import (
    Entry,
    entries,
    in_batches,
    read_all_fields,
    read_entry,
    read_fields,
)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=6)


HALF = b'{"a":"\\ud800"}'
ODD = [
    b'{"id":-0}',
    b'{"id":1,"x":-0}',
    b'{"id":1,"id":2}',
    b'{"id":1,"x":1.50}',
    b'{"id":1,"x":' + b"[" * 150 + b"]" * 150 + b"}",
    b'{"x":"\xff"}',
    b'{"x":}',
    b"[1]",
    b"17",
    b"",
    b"[" * 200 + b"]" * 200,
]


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def split(content: bytes, size: int = 5) -> tuple[list[Entry], bool]:
    """The entries, and whether the package broke off behind them."""
    found: list[Entry] = []
    try:
        found.extend(iter_into(found, entries(pieces(content, size))))
    except PackageError:
        return found, True
    return found, False


def iter_into(found: list[Entry], source: Iterator[Entry]) -> list[Entry]:
    for entry in source:
        found.append(entry)
    return []


@given(ROWS, st.integers(1, 40), st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", ":\t")]))
def test_any_objects_come_back_whole_whatever_the_pieces(
    rows: list[dict[str, Any]], size: int, separators: tuple[str, str]
) -> None:
    content = json.dumps(rows, separators=separators, ensure_ascii=False)
    found, broken = split(content.encode("utf-8", "surrogatepass"), size)
    assert not broken
    for row, entry in zip(rows, found, strict=True):
        sent = json.dumps(row, separators=separators, ensure_ascii=False)
        assert entry.body == sent.encode("utf-8", "surrogatepass")


@given(VALUES, st.sampled_from([(",", ":"), (" ,\n", ":\t")]))
def test_the_fields_alone_are_those_of_the_entry(value: Any, separators: tuple[str, str]) -> None:
    body = json.dumps(value, separators=separators).encode()
    assert repr(read_fields(body)) == repr(read_entry(body).values)


@pytest.mark.parametrize("body", ODD)
def test_the_fields_alone_are_those_of_an_odd_entry(body: bytes) -> None:
    assert repr(read_fields(body)) == repr(read_entry(body).values)


@given(st.lists(VALUES.map(lambda value: json.dumps(value).encode()) | st.sampled_from(ODD)))
def test_the_fields_of_a_page_are_those_of_each(bodies: list[bytes]) -> None:
    assert repr(read_all_fields(bodies)) == repr(list(map(read_fields, bodies)))


@pytest.mark.parametrize(
    "odd", [*ODD, b'{"a":{"b":1}}', b'{"a":"["}', b' {"a":1}', b'{"a":"\\ud800"}']
)
def test_an_odd_entry_of_a_page_is_what_it_is_alone(odd: bytes) -> None:
    bodies = [b'{"id":1,"x":"y"}', odd, b'{"id":2}']
    assert repr(read_all_fields(bodies)) == repr(list(map(read_fields, bodies)))
    assert read_all_fields([]) == []
    assert read_all_fields([b"17", b'{"a":{"b":1}}']) == [None, {"a": {"b": 1}}]


def test_the_fields_of_a_usual_page_are_read_at_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "read_fields", lambda body: pytest.fail("one by one"))
    bodies = [b'{"id":%d,"date":"12 Mar 2018 15:45:05 -0500","x":1.50}' % n for n in range(9)]
    assert [one and one["id"] for one in read_all_fields(bodies)] == list(range(9))


@pytest.mark.parametrize("size", [1, 3, 17, 65536])
def test_what_looks_like_a_boundary_inside_a_text_is_none(size: int) -> None:
    rows = [{"id": 1, "a": '"},{"'}, {"id": 2, "b": [{"c": 1}, {"d": "]"}]}]
    found, broken = split(json.dumps(rows, separators=(",", ":")).encode(), size)
    assert [entry.values for entry in found] == rows
    assert not broken


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (b'{"id":5,"x":}', "not JSON"),
        (b'{"id":5,"x":NaN}', "not JSON"),
        (b'{"id":5,"x":"\xff"}', "not UTF-8"),
        (b'{"id":5,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deep"),
        (b'{"id":5,"x":' + b"9" * 5000 + b"}", "not JSON"),
        (b"17", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'[{"id":5}]', "not a JSON object"),
        (b'{"x":5}', "no whole number as id"),
        (b'{"id":5.0}', "no whole number as id"),
        (b'{"id":true}', "no whole number as id"),
        (b'{"id":"five"}', "no whole number as id"),
        (b'{"id":-5}', "an id out of range"),
        (b'{"id":9223372036854775808}', "an id out of range"),
        (b'{"id":5,"x":' + b"[" * 100 + b"]" * 100 + b"}", "nested too deep"),
        (b'{"id":5,"x":[' + b"[]," * 500_000 + b"[]]}", "more values than an entry may have"),
        (b'{"id":5,"id":5}', "a name that stands twice"),
        (b'{"id":5,"id" :6}', "a name that stands twice"),
        (b'{"id":5,"i\\u0064":6}', "a name that stands twice"),
    ],
)
def test_a_malformed_entry_is_told_and_takes_no_neighbour_along(bad: bytes, fault: str) -> None:
    found, broken = split(b'[{"id":1},' + bad + b',{"id":2},{"id":3}]', 65536)
    assert [entry.id for entry in found] == [1, None, 2, 3]
    assert found[1].fault == fault
    assert found[1].body == bad
    assert not broken


@pytest.mark.parametrize(
    "garbled",
    [
        b'{"id":5 "x"]}',
        b'{"id":5,"a":"open}',
        b'{"id":5,"a":"open}, {"b":[{"x":"open}',
        b'{"id":5,"list":[{"id":6},{"id":7}',
    ],
)
@pytest.mark.parametrize("joint", [b",", b" ,\n "])
def test_entries_behind_a_garbled_one_are_found_and_the_package_proves_nothing(
    garbled: bytes, joint: bytes
) -> None:
    first, *good = [
        b'{"id":1,"a":0}',
        b'{"id":2,"a":[{"b":"},{"},{"c":1}]}',
        b'{"id":3,"a":{"b":{"c":1},"d":2}}',
        b'{"id":4,"a":"y"}',
    ]
    found, broken = split(b"[" + joint.join([first, garbled, *good]) + b"]", 65536)
    assert broken
    assert [entry.body for entry in found if not entry.fault] == [first, *good]
    assert [entry.body for entry in found if entry.fault] == [garbled]


@pytest.mark.parametrize("start", [b'{"a":"open},', b'{"a":[,'])
def test_a_package_of_rubbish_is_given_up_after_so_many_tries(start: bytes) -> None:
    found, broken = split(b"[" + start + b"{x}," * 300_000 + b'{"id":3}]', 65536)
    assert broken
    assert found == []


def test_what_came_before_a_break_is_given_out_as_a_batch() -> None:
    batches = in_batches(entries(iter([b'[{"id":1},{"id":2},{"id'])))
    assert [entry.id for entry in next(batches)] == [1, 2]
    with pytest.raises(PackageError):
        next(batches)


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":5,"x":{"a":1,"b":2,"a":3}}',
        b'{"id":5,"x":[{"a":1},{"a":1,"a":1}]}',
        b'{"id":5,"a":"\\":","a":2}',
        b'{"id":5,"a"\t:1,"a":2}',
    ],
)
def test_a_name_that_stands_twice_is_found_at_any_depth_and_the_id_is_known(body: bytes) -> None:
    entry = read_entry(body)
    assert (entry.id, entry.fault) == (5, "a name that stands twice")


def test_an_entry_with_more_names_than_a_table_can_have_is_told() -> None:
    many = json.dumps({"id": 5} | {f"name{i}": i for i in range(5000)}).encode()
    long = json.dumps({"id": 5, "n" * 70_000: 1}).encode()
    assert {read_entry(body).fault for body in (many, long)} == {
        "more fields than a sheet can have"
    }


@pytest.mark.parametrize(
    "content",
    [b'[{"id":1},{"id":2', b'[{"id":1},', b'[{"id":1}', b'[{"id":1}] x'],
)
def test_a_package_that_breaks_off_gives_what_was_sound_and_says_so(content: bytes) -> None:
    found, broken = split(content)
    assert broken
    assert [entry.id for entry in found] in ([1], [])


def test_entries_between_which_a_comma_is_missing_come_out_and_the_package_proves_nothing() -> None:
    found, broken = split(b'[{"id":1}{"id":2} {"id":3},{"id":4}]')
    assert broken
    assert [entry.id for entry in found] == [1, 2, 3, 4]


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"id":1}', b"null"])
def test_what_is_no_array_is_refused(content: bytes) -> None:
    assert split(content) == ([], True)


def test_a_byte_order_mark_and_white_space_are_passed_over() -> None:
    found, broken = split(b'\xef\xbb\xbf [ {"id":"7"} ] \n')
    assert [entry.id for entry in found] == [7]
    assert not broken


def test_batches_are_bounded_by_number_and_by_bytes() -> None:
    small = list(in_batches(entries(iter([b"[" + b",".join([b'{"id":1}'] * 2500) + b"]"]))))
    assert [len(batch) for batch in small] == [1024, 1024, 452]
    large = b'{"id":1,"x":"' + b"x" * 3_000_000 + b'"}'
    assert [
        len(b) for b in in_batches(entries(pieces(b"[" + b",".join([large] * 5) + b"]", 65536)))
    ] == [2, 2, 1]
