"""How a task learns that it should end, and shows that it goes on; it does no work itself."""

from __future__ import annotations

from threading import Event

from mtdata.core.errors import Stopped

ENDED = "asked to end; what was not committed is undone by the next round"


class StopToken:
    """Counts the steps of a task; the next step after `stopping` is set raises Stopped, once.

    Only once: what is put in order on the way out touches the world as well.
    """

    def __init__(self, stopping: Event | None = None) -> None:
        self._stopping = stopping
        self.steps = 0

    def pause(self, length_s: float) -> None:
        """Wait so long; raises Stopped, and at once, when the task should end."""
        (self._stopping or Event()).wait(length_s)
        self.check()

    def check(self) -> None:
        """Count one more step; raises Stopped when the task should end."""
        self.steps += 1
        if self._stopping is not None and self._stopping.is_set():
            self._stopping = None
            raise Stopped(ENDED)
