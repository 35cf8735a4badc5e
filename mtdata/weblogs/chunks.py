"""Hits on their way into batches: those of one visitor stay in order; it sends nothing.

Visitors fall into shards.  While a batch with hits of a shard is under way, no other has any of it:
so Matomo gets a visitor's hits in order, and yet several batches at a time.
"""

from __future__ import annotations

from array import array
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from mtdata.weblogs.hits import Hits

SHARDS = 64


class BlockHits(NamedTuple):
    """Hits of one block of a log."""

    log: int
    block: int
    hits: Hits


class HitColumns(NamedTuple):
    """Hits, of each column a value for each of them."""

    logs: array[int]
    blocks: array[int]
    lines: array[int]
    moments: array[int]
    visitors: array[int]
    marks: bytes
    requests: Sequence[bytes]

    def cut(self, part: slice) -> HitColumns:
        """Some of them, as they stand."""
        logs, blocks, lines, moments, visitors, marks, requests = self
        return HitColumns(
            logs[part], blocks[part], lines[part], moments[part], visitors[part], marks[part],
            requests[part],
        )  # fmt: skip

    def picked(self, places: Sequence[int]) -> HitColumns:
        """Those at these places."""
        if len(places) < 2:
            return self.cut(slice(places[0], places[0] + 1) if places else slice(0))
        pick = itemgetter(*places)
        logs, blocks, lines, moments, visitors, marks, requests = map(pick, self)
        return HitColumns(
            array("Q", logs), array("Q", blocks), array("Q", lines), array("I", moments),
            array("Q", visitors), bytes(marks), requests,
        )  # fmt: skip


class Chunk(NamedTuple):
    """Hits of one shard, in order."""

    shard: int
    hits: HitColumns
    size: int  # bytes of the requests, with a comma each

    @property
    def length(self) -> int:
        """How many hits it has."""
        return len(self.hits.requests)

    def parted(self, count: int) -> tuple[Chunk, Chunk]:
        """The first so many hits, and the others."""
        return self._cut(slice(0, count)), self._cut(slice(count, None))

    def _cut(self, part: slice) -> Chunk:
        return chunk_of(self.shard, self.hits.cut(part))

    def fitting(self, hits: int, size: int) -> int:
        """How many of its first hits make no more than so many hits and bytes."""
        if self.length <= hits and self.size <= size:
            return self.length
        count = 0
        for request in self.hits.requests[:hits]:
            size -= len(request) + 1
            if size < 0:
                break
            count += 1
        return count


def chunk_of(shard: int, hits: HitColumns) -> Chunk:
    """These hits as a chunk."""
    return Chunk(shard, hits, sum(map(len, hits.requests)) + len(hits.requests))


def chunks_of(blocks: Iterable[BlockHits]) -> list[Chunk]:
    """The hits of blocks, shard by shard."""
    whole = [one for one in blocks if one.hits.requests]
    shards = b"".join(one.hits.shards for one in whole)
    hits = HitColumns(
        _chained("Q", [array("Q", [one.log]) * len(one.hits.shards) for one in whole]),
        _chained("Q", [array("Q", [one.block]) * len(one.hits.shards) for one in whole]),
        _chained("Q", [one.hits.lines for one in whole]),
        _chained("I", [one.hits.moments for one in whole]),
        _chained("Q", [one.hits.visitors for one in whole]),
        b"".join(one.hits.marks for one in whole),
        [request for one in whole for request in one.hits.requests],
    )
    order = sorted(range(len(shards)), key=shards.__getitem__)
    found, begin = [], 0
    for shard in sorted(set(shards)):
        end = begin + shards.count(shard)
        found.append(chunk_of(shard, hits.picked(order[begin:end])))
        begin = end
    return found


def _chained(kind: str, parts: Iterable[Sequence[int]]) -> array[int]:
    whole = array(kind)
    for part in parts:
        whole.extend(part)
    return whole


class HitLoad(NamedTuple):
    """What goes out as one batch."""

    chunks: tuple[Chunk, ...]

    @property
    def hits(self) -> int:
        """How many hits it has."""
        return sum(chunk.length for chunk in self.chunks)

    @property
    def size(self) -> int:
        """Bytes of its hits."""
        return sum(chunk.size for chunk in self.chunks)

    @property
    def shards(self) -> set[int]:
        """Whose hits are in it."""
        return {chunk.shard for chunk in self.chunks}

    def requests(self) -> list[bytes]:
        """Its hits, in order."""
        return [request for chunk in self.chunks for request in chunk.hits.requests]

    def by_log(self) -> Mapping[int, HitColumns]:
        """Its hits, log by log."""
        whole = self._whole()
        if whole.logs.count(whole.logs[0]) == len(whole.logs):
            return {whole.logs[0]: whole}
        places: defaultdict[int, list[int]] = defaultdict(list)
        for place, log in enumerate(whole.logs):
            places[log].append(place)
        return {log: whole.picked(some) for log, some in places.items()}

    def lines(self) -> Mapping[int, Sequence[int]]:
        """The numbers of its lines, by log."""
        return {log: list(hits.lines) for log, hits in self.by_log().items()}

    def lines_at(self, indices: Iterable[int]) -> Mapping[int, Sequence[int]]:
        """The lines of the hits at these places of the batch, by log."""
        whole = self._whole()
        found: defaultdict[int, list[int]] = defaultdict(list)
        for index in indices:
            found[whole.logs[index]].append(whole.lines[index])
        return dict(found)

    def halves(self) -> tuple[HitLoad, HitLoad]:
        """Its first hits and its last; it has two at least."""
        left, first, rest = self.hits // 2, list[Chunk](), list[Chunk]()
        for chunk in self.chunks:
            fits = min(left, chunk.length)
            left -= fits
            head, tail = chunk.parted(fits)
            first += [head] if head.length else []
            rest += [tail] if tail.length else []
        return HitLoad(tuple(first)), HitLoad(tuple(rest))

    def _whole(self) -> HitColumns:
        parts = [chunk.hits for chunk in self.chunks]
        return HitColumns(
            _chained("Q", [part.logs for part in parts]),
            _chained("Q", [part.blocks for part in parts]),
            _chained("Q", [part.lines for part in parts]),
            _chained("I", [part.moments for part in parts]),
            _chained("Q", [part.visitors for part in parts]),
            b"".join(part.marks for part in parts),
            self.requests(),
        )


class Shards:
    """What waits to be sent, by shard; a shard that is under way gives nothing before its end."""

    def __init__(self) -> None:
        self._waiting: list[deque[Chunk]] = [deque() for _ in range(SHARDS)]
        self._busy: set[int] = set()
        self.hits = 0
        self.size = 0

    def put(self, chunks: Iterable[Chunk]) -> None:
        """Let these wait behind what waits already."""
        for chunk in chunks:
            self._waiting[chunk.shard].append(chunk)
            self.hits += chunk.length
            self.size += chunk.size

    def put_back(self, load: HitLoad) -> None:
        """Let the hits of a batch wait again, before all others of their shards."""
        for chunk in reversed(load.chunks):
            self._waiting[chunk.shard].appendleft(chunk)
        self.hits += load.hits
        self.size += load.size

    def load(self, hits: int, size: int, lanes: int) -> HitLoad | None:
        """A batch of so many hits and bytes at most, one hit always, of a part of the free shards.

        Of `lanes` that send, each takes of so many shards that the others find some.
        """
        free = sorted(
            (shard for shard in range(SHARDS) if self._waiting[shard] and shard not in self._busy),
            key=lambda shard: -len(self._waiting[shard]),
        )
        taken: list[Chunk] = []
        for shard in free[: -(-SHARDS // lanes)]:
            full = self._fill(taken, shard, hits, size)
            hits, size = hits - full[0], size - full[1]
            if full[2]:
                break
        if not taken:
            return None
        found = HitLoad(tuple(taken))
        self._busy |= found.shards
        self.hits -= found.hits
        self.size -= found.size
        return found

    def _fill(self, taken: list[Chunk], shard: int, hits: int, size: int) -> tuple[int, int, bool]:
        """Move hits of a shard into the batch; how many, how large, and whether it is full."""
        queue, count, length = self._waiting[shard], 0, 0
        while queue:
            chunk = queue[0]
            fits = chunk.fitting(hits - count, size - length) or (0 if taken else 1)
            if fits == 0:
                return count, length, True
            if fits < chunk.length:
                chunk, queue[0] = chunk.parted(fits)
            else:
                queue.popleft()
            taken.append(chunk)
            count, length = count + chunk.length, length + chunk.size
        return count, length, False

    def release(self, load: HitLoad) -> None:
        """The batch has come to its end: its shards may be sent again."""
        self._busy -= load.shards
