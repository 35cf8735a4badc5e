"""Long calls into the database beside the main thread, which stays free for Ctrl-C and SIGTERM.

It knows no SQL.  Whatever ends the wait ends the call as well, before it goes on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from math import inf
from typing import TypeVar

from mtdata.core.clock import SystemClock

Result = TypeVar("Result")
AGAIN_S = 0.1
"""An interruption that comes before the call has begun is lost, so it is repeated."""


class InterruptibleCalls:
    """One call at a time, in a thread of its own; `interrupt` makes the one at work end."""

    def __init__(self, interrupt: Callable[[], None]) -> None:
        self._interrupt = interrupt
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="toolbox")
        self._ticks, self._until = SystemClock().ticks, inf

    def within(self, seconds: float) -> None:
        """Let all calls from here on end within so many seconds together."""
        self._until = self._ticks() + seconds

    def __call__(self, act: Callable[[], Result]) -> Result:
        """What the call gives; TimeoutError where the time is over."""
        left = self._until - self._ticks()
        call = self._thread.submit(act)
        try:
            return call.result(None if left == inf else max(0, left))
        finally:
            while not call.done():
                self._interrupt()
                wait([call], AGAIN_S)

    def close(self) -> None:
        """End the thread, which has nothing to do by now."""
        self._thread.shutdown()
