"""Hits become batches: each once, a visitor's in order, within the limits."""

from __future__ import annotations

from array import array
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from mtdata.weblogs.chunks import SHARDS, BlockHits, HitLoad, Shards, chunks_of
from mtdata.weblogs.hits import Hits

HITS = st.lists(
    st.tuples(st.integers(0, SHARDS - 1), st.integers(1, 400)), min_size=1, max_size=200
)


def block_of(
    log: int, block: int, lines: list[int], shards: bytes, requests: list[bytes]
) -> BlockHits:
    """Hits whose visitor and mark are the shard, and the moment the line."""
    hits = Hits(
        array("Q", lines), shards, requests, moments=array("I", lines),
        visitors=array("Q", [*shards]), marks=shards,
    )  # fmt: skip
    return BlockHits(log, block, hits)


def filled(hits: list[tuple[int, int]], block: int = 40) -> tuple[Shards, dict[int, list[int]]]:
    """Shards with hits whose bytes say which they are; and which of each shard, in order."""
    waiting = Shards()
    expected: dict[int, list[int]] = {}
    for start in range(0, len(hits), block):
        part = hits[start : start + block]
        lines = list(range(start + 1, start + 1 + len(part)))
        requests = [
            b"%06d" % line + b"x" * length for line, (_, length) in zip(lines, part, strict=True)
        ]
        for line, (shard, _) in zip(lines, part, strict=True):
            expected.setdefault(shard, []).append(line)
        waiting.put(chunks_of([block_of(7, start, lines, bytes(s for s, _ in part), requests)]))
    return waiting, expected


@given(HITS, st.integers(1, 50), st.integers(1, 3000), st.integers(1, 8), st.integers(0, 2**32))
def test_every_hit_goes_out_once_and_those_of_a_shard_in_order(
    hits: list[tuple[int, int]], most: int, size: int, lanes: int, seed: int
) -> None:
    waiting, expected = filled(hits)
    random = Random(seed)  # as many draws as it takes
    found: dict[int, list[int]] = {}
    under_way: list[HitLoad] = []
    while waiting.hits or under_way:
        load = waiting.load(most, size, lanes) if len(under_way) < lanes else None
        if load is None:
            waiting.release(under_way.pop(random.randrange(len(under_way))))
            continue
        assert load.hits <= most
        assert load.size <= size or load.hits == 1
        assert not any(load.shards & other.shards for other in under_way)
        under_way.append(load)
        for chunk in load.chunks:
            hits = chunk.hits
            assert [int(request[:6]) for request in hits.requests] == list(hits.lines)
            assert [*hits.visitors] == [chunk.shard] * len(hits.requests) == [*hits.marks]
            assert [*hits.moments] == [*hits.lines]
            found.setdefault(chunk.shard, []).extend(hits.lines)
    assert found == expected
    assert (waiting.hits, waiting.size) == (0, 0)


@given(HITS, st.integers(1, 200))
def test_halves_have_each_hit_of_the_whole_in_order(hits: list[tuple[int, int]], most: int) -> None:
    waiting, _ = filled(hits)
    load = waiting.load(most, 10**6, 1)
    assert load is not None
    if load.hits == 1:
        return
    first, second = load.halves()
    assert first.requests() + second.requests() == load.requests()
    assert first.hits == load.hits // 2
    assert second.hits == load.hits - first.hits
    assert first.size + second.size == load.size


def test_what_is_put_back_goes_out_before_what_came_later() -> None:
    waiting, expected = filled([(3, 10)] * 90)
    load = waiting.load(50, 10**6, 1)
    assert load is not None
    waiting.put_back(load)
    waiting.release(load)
    again = waiting.load(90, 10**6, 1)
    assert again is not None
    assert again.lines() == {7: expected[3]}


def test_the_lines_at_places_of_a_batch_are_named_by_log() -> None:
    first = block_of(1, 1, [10, 11], bytes([5, 5]), [b"a", b"b"])
    second = block_of(2, 1, [20, 21], bytes([5, 5]), [b"c", b"d"])
    load = HitLoad((*chunks_of([first, second]),))
    assert load.lines() == {1: [10, 11], 2: [20, 21]}
    assert load.lines_at([1, 2]) == {1: [11], 2: [20]}
