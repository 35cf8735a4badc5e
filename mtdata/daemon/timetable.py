"""When the daemon does what: `schedule` on a clock that may be moved; it does nothing itself."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from schedule import Scheduler

from mtdata.core.ports import Clock

log = logging.getLogger(__name__)
JUMP_S = 5.0
"""The clock of the wall may be so far from that of the machine between two looks."""


class TickingClock(Clock, Protocol):
    """A clock of the wall, and one that only goes on."""

    def ticks(self) -> float:
        """Seconds from some moment on; no clock that is set changes them."""
        ...


class Timetable:
    """Acts that come again and again.

    `schedule` plans by local time without a zone: after an hour put back in autumn, or a clock set
    right, it would wait or hurry.  So each such jump is seen (`has_jumped`), and whoever made the
    timetable makes it anew from what was done.
    """

    def __init__(self, clock: TickingClock) -> None:
        self._clock = clock
        self._scheduler = Scheduler()
        self._last = self._reading()

    def clear(self) -> None:
        """Forget every act, and take the clock as it is."""
        self._scheduler.clear()
        self._last = self._reading()

    def every(self, period_s: int, act: Callable[[], object], first_in_s: float = 0.0) -> None:
        """Have `act` called every so many seconds, and for the first time after that many."""
        job = self._scheduler.every(period_s).seconds.do(act)
        job.next_run = self._wall() + timedelta(seconds=first_in_s)

    def run_pending(self) -> None:
        """Call what is due; the acts only hand tasks to workers, so they neither last nor fail."""
        self._scheduler.run_pending()

    def next_in_s(self) -> float:
        """How long until something is due; less than 0 for what is, infinity for nothing."""
        due = (job.next_run for job in self._scheduler.jobs if job.next_run)
        first = min(due, default=None)
        return math.inf if first is None else (first - self._wall()).total_seconds()

    def has_jumped(self) -> bool:
        """Whether the local time moved otherwise than time itself since the last look."""
        before, self._last = self._last, self._reading()
        moved = (self._last[0] - before[0]).total_seconds()
        jump = moved - (self._last[1] - before[1])
        if abs(jump) < JUMP_S:
            return False
        log.warning("the local time jumped by %.0f s: everything is planned anew", jump)
        return True

    def _reading(self) -> tuple[datetime, float]:
        return self._wall(), self._clock.ticks()

    def _wall(self) -> datetime:
        return self._clock.local(self._clock.now()).replace(tzinfo=None)
