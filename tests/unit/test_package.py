"""Entries out of a stream: exact bytes at any chunk size, and faults that stay where they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.domain.package import Entry, entries, in_batches
from mtdata.errors import PackageError

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
        (b'{"id":5 "x"]}', "not JSON"),
        (b'{"id":5,"a":"open}', "not JSON"),
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
    ],
)
def test_a_malformed_entry_is_told_and_takes_no_neighbour_along(bad: bytes, fault: str) -> None:
    found, broken = split(b'[{"id":1},' + bad + b',{"id":2},{"id":3}]', 65536)
    assert [entry.id for entry in found] == [1, None, 2, 3]
    assert found[1].fault == fault
    assert found[1].body == bad
    assert not broken


@pytest.mark.parametrize(
    "content",
    [b'[{"id":1},{"id":2', b'[{"id":1},', b'[{"id":1}', b'[{"id":1}] x', b'[{"id":1}{"id":2}]'],
)
def test_a_package_that_breaks_off_gives_what_was_sound_and_says_so(content: bytes) -> None:
    found, broken = split(content)
    assert broken
    assert [entry.id for entry in found] in ([1], [])


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
