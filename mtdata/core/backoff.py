"""How long is waited between two tries: one rule for all that asks again; it waits for nothing."""

from __future__ import annotations

import random
from typing import NamedTuple


class Backoff(NamedTuple):
    """Pauses that grow from `first_s` on, each so many times the one before, up to `longest_s`."""

    first_s: float
    longest_s: float
    times: float = 2.0
    spread: float = 0.5
    """So much of a pause is left to chance: who failed at one moment does not come back at one."""

    def pause_s(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row, none after none."""
        if failures < 1:
            return 0.0
        whole = self.first_s
        for _ in range(failures - 1):
            if whole >= self.longest_s:
                break
            whole *= self.times
        return min(whole, self.longest_s) * (1 - self.spread * random.random())  # noqa: S311 - no secret
