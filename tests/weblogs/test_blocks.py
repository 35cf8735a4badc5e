"""Blocks of whole lines out of logs that are packed, cut, damaged, huge, or grown since."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import tracemalloc
import zipfile
from collections import deque
from contextlib import suppress
from hashlib import sha256

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mtdata.weblogs.blocks import OVERLONG, Block, Past, blocks, resume
from mtdata.weblogs.source_errors import (
    ChangedLog,
    OversizedLog,
    TruncatedLog,
    UnreadableLog,
)
from mtdata.weblogs.unpacking import PIECE, LogLimits
from tests.weblogs.raw import PACKED, MemoryLog, zip_of

LINES = b"".join(b"GET /page/%d HTTP/1.1 \xe9\n" % number for number in range(20_000))
SHORT = LogLimits(line=PIECE)
LONG_LINE = b"x" * (PIECE + 1)


def whole(found: list[Block]) -> bytes:
    return b"".join(block.data for block in found)


def past(found: list[Block]) -> Past:
    return Past(sum(block.lines for block in found), found[-1].end, found[-1].digest)


def taken_until(raw: MemoryLog, fault: type[UnreadableLog]) -> bytes:
    """The whole lines that come before the fault, which has to come."""
    found: list[Block] = []
    with pytest.raises(fault):
        found.extend(blocks(raw))
    return whole(found)


def check(found: list[Block], plain: bytes) -> None:
    """Blocks hold whole lines, follow each other, and each digest is of all before its end."""
    line, end = 1, 0
    for block in found:
        assert block.first_line == line
        assert block.end == end + len(block.data)
        assert block.lines == block.data.count(b"\n") + (not block.data.endswith(b"\n"))
        line, end = line + block.lines, block.end
        assert block.digest == sha256(plain[:end]).digest()
    assert whole(found) == plain


@pytest.mark.parametrize("step", [1 << 30, 777])
@pytest.mark.parametrize("kind", PACKED)
def test_a_log_comes_whole_however_it_is_packed(kind: str, step: int) -> None:
    for text in (LINES, LINES[:-1], b"one\n", b"\n"):
        check(list(blocks(MemoryLog(PACKED[kind](text), step), size=50_000)), text)


def test_blocks_are_about_as_long_as_they_should_be() -> None:
    found = list(blocks(MemoryLog(LINES), size=100_000))
    assert all(100_000 <= len(block.data) <= 100_000 + PIECE for block in found[:-1])
    assert all(block.data.endswith(b"\n") for block in found)


@pytest.mark.parametrize("kind", PACKED)
def test_an_empty_log_has_no_block(kind: str) -> None:
    assert list(blocks(MemoryLog(PACKED[kind](b"")))) == []


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(LINES) + gzip.compress(b"") + b"\0" * 5_000 + gzip.compress(LINES) + b"\0\0",
        bz2.compress(LINES) + bz2.compress(LINES),
        zstandard.compress(LINES) + zstandard.compress(LINES),
        b"\x51\x2a\x4d\x18\x03\0\0\0abc" + zstandard.compress(LINES + LINES),
    ],
    ids=["gz", "bz2", "zstd", "skippable"],
)
def test_streams_one_after_another_are_one_log(packed: bytes) -> None:
    for step in (1 << 30, 1_000):
        check(list(blocks(MemoryLog(packed, step))), LINES + LINES)


def test_members_of_a_zip_follow_each_other_and_a_line_ends_with_its_member() -> None:
    packed = zip_of(b"a\nb", b"", b"c\n", gzip.compress(b"d\ne"))
    found = list(blocks(MemoryLog(packed)))
    assert [block.data for block in found] == [b"a\nb", b"c\n", b"d\ne"]
    assert [(block.member, block.first_line) for block in found] == [(0, 1), (2, 3), (3, 4)]
    check(found, b"a\nbc\nd\ne")


@pytest.mark.parametrize("kind", ["gz", "bz2", "zstd"])
def test_what_came_of_a_stream_that_breaks_off_is_given_as_whole_lines(kind: str) -> None:
    noise = random.Random(1)
    text = b"".join(b"%d %d\n" % (n, noise.getrandbits(200)) for n in range(30_000))
    packed = PACKED[kind](text)
    for length in (len(packed) // 2, len(packed) - 1):
        came = taken_until(MemoryLog(packed[:length]), TruncatedLog)
        assert came
        assert text.startswith(came)
        assert came.endswith(b"\n")
    for length in (5, 9):
        assert taken_until(MemoryLog(packed[:length]), TruncatedLog) == b""


def test_a_zip_without_its_list_gives_nothing_and_says_so() -> None:
    packed = zip_of(LINES)
    for length in (len(packed) - 1, len(packed) // 2, 30):
        assert taken_until(MemoryLog(packed[:length]), TruncatedLog) == b""


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(LINES) + b"something else",
        bz2.compress(LINES) + b"something else",
        zstandard.compress(LINES) + b"something else",
        gzip.compress(LINES)[:-8] + b"\1" * 8,
        lzma.compress(LINES),
        zip_of(LINES, method=zipfile.ZIP_BZIP2),
        zip_of(LINES, method=zipfile.ZIP_LZMA),
        zip_of(zip_of(LINES)),
        b"\x04\x22\x4d\x18 lz4",
        b"PK\x03\x04" + b"\0" * 100,
    ],
    ids=range(10),
)
def test_what_cannot_be_unpacked_is_told_and_never_taken_for_a_log(packed: bytes) -> None:
    came = taken_until(MemoryLog(packed), UnreadableLog)
    assert LINES.startswith(came)
    assert came.endswith(b"\n") or not came


@given(st.data())
def test_random_damage_is_an_error_of_ours_or_the_log(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(PACKED)))
    packed = bytearray(PACKED[kind](LINES[:3_000]))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UnreadableLog):
        for block in blocks(MemoryLog(bytes(packed))):
            assert block.lines


def test_a_member_behind_a_password_is_told() -> None:
    packed = bytearray(zip_of(b"a\n"))
    for start in (packed.index(b"PK\x03\x04") + 6, packed.index(b"PK\x01\x02") + 8):
        packed[start] |= 1
    with pytest.raises(UnreadableLog, match="behind a password"):
        list(blocks(MemoryLog(bytes(packed))))


BOMB = 40 << 20
SMALL = LogLimits(free_bytes=1 << 20, ratio=100)


@pytest.mark.parametrize("kind", ["gz", "bz2", "zstd", "zip"])
def test_a_bomb_is_stopped_before_memory_fills(kind: str) -> None:
    packed = PACKED[kind](b"\n" * BOMB)
    lengths: deque[int] = deque()
    tracemalloc.start()
    try:
        with pytest.raises(OversizedLog, match="bomb"):
            lengths.extend(len(block.data) for block in blocks(MemoryLog(packed), limits=SMALL))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 0 < sum(lengths) < BOMB // 2
    assert peak < BOMB


def test_the_bytes_and_the_members_of_a_log_are_bounded() -> None:
    with pytest.raises(OversizedLog, match="max_log_mb"):
        list(blocks(MemoryLog(LINES), limits=LogLimits(plain_bytes=len(LINES) - 1)))
    assert list(blocks(MemoryLog(LINES), limits=LogLimits(plain_bytes=len(LINES))))
    with pytest.raises(OversizedLog, match="members"):
        list(blocks(MemoryLog(zip_of(b"a", b"b", b"c")), limits=LogLimits(members=2)))


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_line_that_is_too_long_is_one_line_of_no_format(kind: str, end: bytes) -> None:
    text = b"a\n" + LONG_LINE * 3 + b"\nb\n" + LONG_LINE + end
    found = list(blocks(MemoryLog(PACKED[kind](text), 10_000), limits=SHORT))
    told = OVERLONG % PIECE
    assert [block.data for block in found] == [b"a\n", told, b"b\n", told]
    assert [block.overlong for block in found] == [False, True, False, True]
    assert [block.first_line for block in found] == [1, 2, 3, 4]
    for block in found:
        assert block.digest == sha256(text[: block.end]).digest()
    assert found[-1].end == len(text)


def test_whether_a_line_is_too_long_does_not_depend_on_how_it_comes() -> None:
    fits = b"x" * (PIECE - 1) + b"\n"
    for before in (0, 1, PIECE // 2, PIECE - 1):
        text = b"y" * before + b"\n" + fits
        assert not any(block.overlong for block in blocks(MemoryLog(text, 999), limits=SHORT))
        text = b"y" * before + b"\nz" + fits
        found = list(blocks(MemoryLog(text, 999), limits=SHORT))
        assert [block.overlong for block in found][-1]


# --- going on


@given(
    st.lists(st.integers(0, 40).map(lambda n: b"l" * n), max_size=40),
    st.integers(0, 400),
    st.integers(1, 200),
)
def test_a_log_goes_on_exactly_behind_what_was_taken(
    lines: list[bytes], taken: int, size: int
) -> None:
    text = b"\n".join(lines)
    taken = min(taken, len(text))
    before = list(blocks(MemoryLog(text[:taken]), size=7))
    if not before:
        return
    found = list(resume(MemoryLog(gzip.compress(text)), past(before), size=size))
    assert whole(found) == text[taken:]
    total = past(before).lines + sum(block.lines for block in found)
    assert total == sum(block.lines for block in blocks(MemoryLog(text)))
    was_open = not text[:taken].endswith(b"\n")
    assert [block.rest_of_line for block in found[:1]] == [was_open] * len(found[:1])
    assert not any(block.rest_of_line for block in found[1:])
    line = past(before).lines + (not was_open)
    for block in found:
        assert block.first_line == line
        line = block.first_line + (block.lines or 1)
        assert block.digest == sha256(text[: block.end]).digest()


def test_the_rest_of_a_line_is_told_apart_and_counts_for_none() -> None:
    before = list(blocks(MemoryLog(b"one\ntw")))
    rest, following = resume(MemoryLog(b"one\ntwo\nthree\n"), past(before))
    assert (rest.data, rest.lines, rest.first_line, rest.rest_of_line) == (b"o\n", 0, 2, True)
    assert (following.data, following.first_line, following.rest_of_line) == (b"three\n", 3, False)
    [end] = resume(MemoryLog(b"one\ntw\n"), past(before))
    assert (end.data, end.rest_of_line) == (b"\n", True)
    assert list(resume(MemoryLog(b"one\ntw"), past(before))) == []


def test_a_line_that_was_cut_in_its_overlong_middle_goes_on_as_its_rest() -> None:
    text = b"a\n" + LONG_LINE * 4 + b"\nb\n"
    before = list(blocks(MemoryLog(text[: PIECE * 2]), limits=SHORT))
    rest, following = resume(MemoryLog(text), past(before), limits=SHORT)
    assert (rest.overlong, rest.rest_of_line, rest.lines, rest.first_line) == (True, True, 0, 2)
    assert (following.data, following.first_line) == (b"b\n", 3)


def test_a_member_that_came_since_is_no_rest_of_the_line_before_it() -> None:
    before = list(blocks(MemoryLog(zip_of(b"a\nb"))))
    [found] = resume(MemoryLog(zip_of(b"a\nb", b"c\n")), past(before))
    assert (found.data, found.first_line, found.rest_of_line) == (b"c\n", 3, False)
    with pytest.raises(ChangedLog, match="are 2 lines, and were 3"):
        list(resume(MemoryLog(b"a\nbc\n"), Past(3, 4, sha256(b"a\nbc").digest())))


def test_a_log_that_is_another_one_now_is_named_and_gives_nothing() -> None:
    before = past(list(blocks(MemoryLog(LINES))))
    for text in (LINES.replace(b"GET", b"PUT", 1) + b"x\n", LINES[:-1], b"", b"other\n"):
        with pytest.raises(ChangedLog):
            list(resume(MemoryLog(text), before))
    assert list(resume(MemoryLog(b"a\n"), Past(0, 0, b""))) == list(blocks(MemoryLog(b"a\n")))


def test_what_breaks_off_before_what_was_taken_may_be_whole_later() -> None:
    noise = random.Random(2).randbytes(300_000).replace(b"\n", b"")
    before = past(list(blocks(MemoryLog(noise))))
    packed = gzip.compress(noise + b"\nmore\n")
    with pytest.raises(TruncatedLog):
        list(resume(MemoryLog(packed[:100_000]), before))
    assert whole(list(resume(MemoryLog(packed), before))) == b"\nmore\n"
