"""Whatever comes in whichever dialect: read or refused, and bounded in memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.cake.client.reading import CLICKS, Reader
from mtdata.cake.client.reading_json import JsonRows
from mtdata.cake.client.reading_quick import QuickRows
from mtdata.core.errors import AnswerBroken
from tests.cake_account import BERLIN
from tests.exports.answers import NAMES, XML, outcome, read, report


@given(st.binary(max_size=300), st.integers(0, 300), st.integers(1, 60))
def test_any_bytes_are_read_or_refused(junk: bytes, place: int, size: int) -> None:
    whole = report("<click><a>1</a></click>" * 3, count=3)
    body = whole[: place % len(whole)] + junk + whole[place % len(whole) :]
    for make in (*XML, lambda: JsonRows(CLICKS, BERLIN)):
        for bytes_ in (body, junk):
            outcome(make(), bytes_, size)


@given(
    st.binary(max_size=80) | st.text(max_size=60).map(lambda text: text.encode(errors="replace"))
)
def test_whatever_comes_is_rows_or_a_broken_answer(junk: bytes) -> None:
    starts = (b'{"d":{"clicks":[{"a":', b"", b"<r><clicks><click><a>", b"<r>", b'{"d":')
    for start in starts:
        for make in (*XML, lambda: JsonRows(CLICKS, BERLIN)):
            with suppress(AnswerBroken):
                read(make(), start + junk, 5)


# Bounds


def pieces_taken(reader: Reader, start: bytes) -> int:
    """How much of nothing is taken before it is refused."""
    reader.feed(start)
    for number in range(200):
        try:
            reader.feed(b" " * 65_536)
        except AnswerBroken:
            return number
    return 200


@pytest.mark.parametrize("make", XML, ids=NAMES)
def test_a_text_without_end_is_refused_early(make: Callable[[], Reader]) -> None:
    for start in (b"<r><clicks><click><a>", b"<r><message>", b"<r><clicks>", b"<r a='"):
        assert pieces_taken(make(), start) < 40


def test_json_without_end_is_refused_early() -> None:
    for start in (b'{"d":{"clicks":[{"a":"', b'{"d":{"message":"', b'{"d":{"clicks":['):
        assert pieces_taken(JsonRows(CLICKS, BERLIN), start) < 40


def test_memory_does_not_grow_with_the_answer(sent: dict[str, Any]) -> None:
    body: bytes = sent["xml"]
    start = body.index(b"<click>")
    end = body.index(b"</clicks>")

    def pieces(times: int) -> Iterator[bytes]:
        yield body[:start]
        for _ in range(times):
            yield body[start:end]
        yield body[end:]

    def peak(times: int) -> int:
        reader = QuickRows(CLICKS)
        tracemalloc.start()
        for piece in pieces(times):
            for at in range(0, len(piece), 65_536):
                reader.feed(piece[at : at + 65_536])
        reader.close()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(8) < 1.3 * peak(2)
