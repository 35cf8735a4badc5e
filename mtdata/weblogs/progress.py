"""How far each log is: a mark moves on when all hits before it are in batches; it keeps nothing."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mtdata.weblogs.chunks import HitLoad
from mtdata.weblogs.ledger.logs import Mark


@dataclass
class _Block:
    number: int
    lines: int
    end: int
    digest: bytes
    skipped: Mapping[str, int]
    missing: int  # hits that are in no batch yet


@dataclass
class LogProgress:
    """The blocks of one log that are under way, in order."""

    skipped: Counter[str] = field(default_factory=Counter)
    again_before: int = 0  # how often hits before the mark had been given back
    again: int = 0  # those of them that wait
    _blocks: deque[_Block] = field(default_factory=deque)
    _by_number: dict[int, _Block] = field(default_factory=dict)

    def add(
        self, number: int, lines: int, end: int, digest: bytes,
        skipped: Mapping[str, int], hits: int,
    ) -> None:  # fmt: skip
        """A block was read: lines and bytes up to its end, and what became of its own lines."""
        block = _Block(number, lines, end, digest, skipped, hits)
        self._blocks.append(block)
        self._by_number[number] = block

    def put_in_batch(self, number: int, hits: int) -> None:
        """So many hits of that block are in a batch now."""
        self._by_number[number].missing -= hits

    def mark(self) -> Mark | None:
        """The mark, when it has moved since it was asked for last."""
        found = None
        while self._blocks and not self._blocks[0].missing:
            block = self._blocks.popleft()
            del self._by_number[block.number]
            self.skipped.update(block.skipped)
            found = block
        if found is None:
            return None
        return Mark(found.lines, found.end, found.digest, dict(self.skipped))

    @property
    def is_at_rest(self) -> bool:
        """Whether no hit of it waits to get into a batch."""
        return not self._blocks and not self.again


class ImportProgress:
    """The logs that are under way."""

    def __init__(self) -> None:
        self._logs: dict[int, LogProgress] = {}

    def begin(self, log: int, skipped: Mapping[str, int], again: int) -> None:
        """A log is read from here on, of which so many lines were left out before."""
        self._logs[log] = LogProgress(Counter(skipped), again)

    def of(self, log: int) -> LogProgress:
        """One that is under way."""
        return self._logs[log]

    def began(self, load: HitLoad) -> None:
        """The hits of that batch are in it now."""
        counts: Counter[tuple[int, int]] = Counter()
        for chunk in load.chunks:
            counts.update(zip(chunk.hits.logs, chunk.hits.blocks, strict=True))
        for (log, block), count in counts.items():
            if block:
                self._logs[log].put_in_batch(block, count)
            else:  # what is sent again belongs to no block that waits
                self._logs[log].again -= count

    def marks(self) -> Iterable[tuple[int, Mark]]:
        """The marks that have moved, by log."""
        for log, progress in self._logs.items():
            if (mark := progress.mark()) is not None:
                yield log, mark

    def end(self, log: int) -> None:
        """It is read to its end, and nothing of it waits."""
        del self._logs[log]
