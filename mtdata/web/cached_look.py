"""What a look at the pools found, kept for a few seconds; of many that ask at once one looks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from mtdata.config import Settings
from mtdata.core.clock import SystemClock
from mtdata.core.errors import BusyError

KEPT_S, PATIENCE_S, MOST_KEPT = 5.0, 30.0, 64
TIMES = 10
"""A look is kept for so many times as long as it took: of a large pool it takes a second."""
Found = TypeVar("Found")


class CachedLook(Generic[Found]):
    """What a look found, for so long; of many that ask at once one looks."""

    def __init__(
        self,
        look: Callable[..., Found],
        kept_s: float = KEPT_S,
        patience_s: float = PATIENCE_S,
        times: float = TIMES,
    ) -> None:
        self._look, self._kept_s, self._patience_s = look, kept_s, patience_s
        self._times = times
        self._clock, self._turn = SystemClock(), threading.Lock()
        self._found: dict[tuple[Any, ...], tuple[float, Found]] = {}

    def __call__(self, settings: Settings, *of: str) -> Found:
        """What it finds; what is older while somebody looks anew.

        BusyError when somebody has been looking for too long, and nothing was known before.
        """
        key = (settings.folder, *of)
        known = self._found.get(key)
        if known is not None and self._is_fresh(known):
            return known[1]
        if not self._turn.acquire(timeout=0 if known else self._patience_s):
            if known is None:
                raise BusyError("the pools are being looked at and do not answer; try again")
            return known[1]
        try:
            known = self._found.get(key)
            if known is None or not self._is_fresh(known):
                begun = self._clock.ticks()
                known = self._keep(key, begun, self._look(settings, *of))
            return known[1]
        finally:
            self._turn.release()

    def if_fresh(self, settings: Settings, *of: str) -> Found | None:
        """What it found a moment ago, without a look; None where that is too long ago."""
        known = self._found.get((settings.folder, *of))
        return known[1] if known is not None and self._is_fresh(known) else None

    def forget(self) -> None:
        """Something was changed here: look anew when next asked."""
        self._found.clear()

    def _keep(self, key: tuple[Any, ...], begun: float, found: Found) -> tuple[float, Found]:
        if len(self._found) >= MOST_KEPT:
            self._found.clear()
        now = self._clock.ticks()
        known = (now + max(self._kept_s, self._times * (now - begun)), found)
        self._found[key] = known
        return known

    def _is_fresh(self, known: tuple[float, Found]) -> bool:
        return self._clock.ticks() < known[0]
