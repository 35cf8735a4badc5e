"""How a task learns that it should end, and shows that it goes on; it does no work itself."""

from __future__ import annotations

import os
import select
import weakref
from contextlib import suppress
from threading import Event

from mtdata.core.errors import Stopped

ENDED = "asked to end; what was not committed is undone by the next round"

PIPE = 64 * 1024
"""What a pipe holds."""


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


class WakeableSleep:
    """A sleep of one thread that anybody may end, also the handler of a signal.

    `time.sleep` goes on behind a handler.  `Event.set` takes a lock, which the main thread may hold
    when the signal comes, or a second one comes within the first: it would stand still for ever.
    And where no lock waits by a clock that only goes on (macOS), one set back would lengthen it.
    """

    def __init__(self) -> None:
        self._reader, self._writer = pipe = os.pipe()
        for file in pipe:
            os.set_blocking(file, False)
        # not at the exit of the program: a handler may still write then, to whatever has the number
        weakref.finalize(self, _close, pipe).atexit = False
        self._poll = select.poll()
        self._poll.register(self._reader, select.POLLIN)

    def wake(self) -> None:
        """End the sleep, or the next one where nobody sleeps."""
        with suppress(BlockingIOError):  # so many wait in the pipe already
            os.write(self._writer, b"w")

    def sleep(self, length_s: float) -> None:
        """Sleep so long at most; whatever was to end it ends this one alone."""
        self._poll.poll(max(0.0, length_s) * 1000)
        with suppress(BlockingIOError):
            os.read(self._reader, PIPE)


def _close(files: tuple[int, ...]) -> None:
    for file in files:
        os.close(file)


class EndRequest:
    """That a program should end, said by signals; of `threading.Event` only what that needs."""

    def __init__(self) -> None:
        self._sleep = WakeableSleep()
        self._is_set = False

    def set(self) -> None:
        """Say it; also from the handler of a signal."""
        self._is_set = True
        self._sleep.wake()

    def wait(self, length_s: float) -> bool:
        """Wait so long at most; whether it was said by then.  One thread alone waits."""
        if not self._is_set:
            self._sleep.sleep(length_s)
        return self._is_set

    def is_set(self) -> bool:
        """Whether it was said."""
        return self._is_set
