"""A dictionary that makes what it does not have, and forgets all when it grows too large.

Values of logs come again and again: a second, an address, a user agent.  What is made of one is
made once, and `map(memo.__getitem__, column)` does not leave C for the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")
EACH = 200
"""Bytes, about, that go with a key besides its own."""


class Memo(dict[str, V], Generic[V]):
    """What `make` gives for a key, kept within about `budget` bytes."""

    __slots__ = ("_budget", "_left", "_make")

    def __init__(self, make: Callable[[str], V], budget: int) -> None:
        super().__init__()
        self._make, self._budget, self._left = make, budget, budget

    def __missing__(self, key: str) -> V:
        self._left -= EACH + 3 * len(key)
        if self._left < 0:
            self.clear()
            self._left = self._budget - EACH - 3 * len(key)
        value = self[key] = self._make(key)
        return value
