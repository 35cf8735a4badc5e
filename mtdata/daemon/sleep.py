"""A sleep that a signal ends: its handler may run while any lock is held, so it takes none."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

MOST = 4096
"""So many wake-ups are taken off at once; what is left ends the next sleep."""


class WakeableSleep:
    """Sleeps until the time is over or `wake` is called, for as long as it is `open`.

    `time.sleep` goes on behind a handler, and an Event takes a lock that its caller may hold.
    """

    def __init__(self) -> None:
        self._waker: socket.socket | None = None
        self._sleeper: socket.socket | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """What is woken before or behind it wakes nobody."""
        sleeper, waker = socket.socketpair()
        waker.setblocking(False)
        with sleeper, waker:
            self._sleeper, self._waker = sleeper, waker
            try:
                yield
            finally:
                self._sleeper = self._waker = None

    def wake(self) -> None:
        """End the sleep, or the next one where nobody sleeps; also from a handler of signals."""
        if self._waker is not None:
            with suppress(BlockingIOError):  # so many wake-ups are enough
                self._waker.send(b"w")

    def sleep(self, seconds: float) -> None:
        """Sleep so long at most."""
        if self._sleeper is None:
            raise AssertionError("it is not open")
        self._sleeper.settimeout(max(0.001, seconds))  # 0 would not wait for the other end
        with suppress(TimeoutError):
            self._sleeper.recv(MOST)
