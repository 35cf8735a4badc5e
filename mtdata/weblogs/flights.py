"""A batch from its first try to its end, in halves where it must be; it sends nothing itself."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from mtdata.weblogs.chunks import HitLoad


@dataclass
class Leg:
    """Hits that go out together, by the number of their batch in the ledger."""

    load: HitLoad
    number: int
    tries: int = 0


@dataclass
class Flight:
    """What became of one load: legs that go one after another, for they may share a visitor."""

    whole: HitLoad
    legs: deque[Leg]
    due_at: float = 0.0  # by the clock's ticks: not before

    @property
    def leg(self) -> Leg:
        """What goes out next."""
        return self.legs[0]
