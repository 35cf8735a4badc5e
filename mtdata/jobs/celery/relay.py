"""Passes on rings that came while every slot here was at work; it wakes nobody here.

One question to the records serves all that came before it: whoever is at work by then looks again
before it sleeps.  So a crowd of rings costs a question a PAUSE_S, over one connection, and not a
question and a connection each.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

PAUSE_S, KEPT_S = 0.1, 2.0
"""The span between two questions, and how long without a ring the connection is kept."""
MOST = 1000
"""So many rings wait, as in the broker's queue; the job of a further one is found by looking."""
Rings = list[tuple[str, int]]
"""Each with its job, and by how many busy runners it came."""


class RingRelay:
    """Hands rings in batches to `act`, in a thread of its own; behind the last comes `at_rest`."""

    def __init__(self, act: Callable[[Rings], None], at_rest: Callable[[], None]) -> None:
        self._act, self._at_rest = act, at_rest
        self._changed, self._leaving = threading.Condition(), threading.Event()
        self._waiting: Rings = []

    def add(self, job: str, hops: int) -> None:
        """Take a ring, unless MOST wait by now; it waits for nobody."""
        with self._changed:
            if len(self._waiting) < MOST:
                self._waiting.append((job, hops))
            self._changed.notify_all()

    def take(self) -> Rings:
        """The rings that wait, which are the caller's then."""
        with self._changed:
            rings, self._waiting = self._waiting, []
            return rings

    def leave(self) -> None:
        """Hand on no more; what waits by then is for `take`."""
        self._leaving.set()
        with self._changed:
            self._changed.notify_all()

    def run(self) -> None:
        """Hand on what comes until it is to leave."""
        while not self._leaving.is_set():
            if self._comes(KEPT_S):
                self._act(self.take())
                self._leaving.wait(PAUSE_S)
            else:
                self._at_rest()
                self._comes(None)
        self._at_rest()

    def _comes(self, within_s: float | None) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._leaving.is_set(), within_s)
            return bool(self._waiting) and not self._leaving.is_set()
