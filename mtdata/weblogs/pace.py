"""How much goes out at a time: hits a batch, batches at once; by how the server takes it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

START, MOST_HITS, MOST_BYTES = 200, 5_000, 900_000
"""nginx takes no more than 1 MB by default, and a Matomo ends after 30 s of its processor."""
QUICK_S, SLOW_S = 2.5, 5.0
MOST_LANES = 8
BRISK_S = 0.5
"""Answers that come so soon are mostly on their way: more at once do the server no harm."""


@dataclass
class BatchSize:
    """Grows while answers come quickly, and shrinks where one was too slow or the batch too large.

    A size at which a batch was refused is not tried again before `FORGET` others went well.
    """

    hits: int = START
    most_bytes: int = MOST_BYTES
    _ceiling: int = MOST_HITS
    _well: int = 0

    FORGET = 200

    def went_well(self, sent: int, seconds: float) -> None:
        """A batch of so many hits was answered for within that time."""
        self._well += 1
        if self._well >= self.FORGET:
            self._ceiling, self._well = MOST_HITS, 0
        if seconds > SLOW_S:
            self.hits = max(1, self.hits // 2)
        elif seconds < QUICK_S and sent * 4 >= self.hits * 3:
            self.hits = min(self.hits * 2, self._ceiling)

    def was_refused(self, sent: int, size: int = 0) -> None:
        """A batch of so many hits was too much; of so many bytes, where it was for these."""
        self._well = 0
        if size:
            self.most_bytes = max(1_000, min(self.most_bytes, size) // 2)
        self._ceiling = max(1, math.ceil(sent / 2))
        self.hits = min(self.hits, self._ceiling)


@dataclass
class LaneCount:
    """How many batches are under way at once: one more as long as that makes it faster.

    `most` where it has found its width.  Compares hits a second over `ROUND` answers a lane; where
    hits wait for a lane, a brisk answer is enough.
    """

    most: int = MOST_LANES
    count: int = 2
    is_short: bool = False
    """Whether a batch has waited for a lane since the last answer."""
    _best: float = 0.0
    _hits: int = 0
    _answers: int = 0
    _begun: float | None = None
    _settled: bool = field(default=False)

    ROUND, BETTER = 6, 1.08

    def answered(self, hits: int, seconds: float, now: float) -> None:
        """A batch of so many hits came back at that moment, after so long."""
        was_short, self.is_short = self.is_short, False
        if seconds < BRISK_S and was_short and self.count < self.most:
            self.count += 1
            self._hits, self._answers, self._begun, self._settled = 0, 0, now, False
            return
        if self._begun is None:
            self._begun = now
            return
        self._hits += hits
        self._answers += 1
        if self._settled or self._answers < self.ROUND * self.count:
            return
        rate = self._hits / max(1e-6, now - self._begun)
        if rate < self._best * self.BETTER:
            self.count, self._settled = max(1, self.count - 1), True
        else:
            self._best = rate
            self.count = min(self.most, self.count + 1)
        self._hits, self._answers, self._begun = 0, 0, now
