"""One after another: the tasks of a site in a thread of their own; it knows no task's inside."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from threading import Event, Lock, Thread

from mtdata import logs
from mtdata.adapters.clock import SystemClock
from mtdata.errors import MTDataError, Stopped
from mtdata.pulse import Pulse

log = logging.getLogger(__name__)
THREAD = "mtdata "
"""Before the desk's name in that of its thread."""
Act = Callable[[Pulse], None]


class Desk:
    """Does what it is offered, each task by its name at most once in hand and once waiting.

    So nothing queues up however long a task lasts.  One task's fault does not end another's turn:
    an MTDataError goes to `fault`, anything else ends the thread (threading.excepthook tells it),
    and another one takes its place.
    """

    def __init__(
        self, name: str, stopping: Event, fault: Callable[[str, MTDataError], None]
    ) -> None:
        self.name = name
        self.skipped: Counter[str] = Counter()
        self.step = ""
        self._stopping, self._fault = stopping, fault
        self._lock = Lock()
        self._waiting: dict[str, Act] = {}
        self._in_hand = ""
        self._pulse: Pulse | None = None
        self._thread: Thread | None = None

    def offer(self, name: str, act: Act) -> bool:
        """Have it done soon; False, and counted, while one of that name is in hand or waits."""
        with self._lock:
            if self._stopping.is_set():
                return False
            if name == self._in_hand or name in self._waiting:
                self.skipped[name] += 1
                return False
            self._waiting[name] = act
            if self._thread is None:
                self._begin()
        return True

    def _begin(self) -> None:
        self._thread = Thread(target=self._work, name=f"{THREAD}{self.name}", daemon=True)
        self._thread.start()

    @property
    def in_hand(self) -> str:
        """The task that is being done, '' for none."""
        return self._in_hand

    def is_waited_for(self) -> bool:
        """Whether another task waits for the one in hand to end."""
        return bool(self._waiting)

    def beats(self) -> int | None:
        """Signs of life of the task in hand so far; None when there is none."""
        pulse = self._pulse
        return pulse.beats if pulse else None

    def join(self, patience_s: float) -> bool:
        """Wait for all that is in hand or waits; whether it ended."""
        clock = SystemClock()
        until = clock.ticks() + patience_s
        while (thread := self._thread) is not None and (left := until - clock.ticks()) > 0:
            thread.join(left)
        return self._thread is None

    def _work(self) -> None:
        whole = False
        try:
            while (act := self._next()) is not None:
                self._done(act)
            whole = True
        finally:
            if not whole:  # by a fault of the program
                with self._lock:
                    self._in_hand, self._pulse, self._thread = "", None, None
                    if self._waiting:
                        self._begin()

    def _next(self) -> Act | None:
        with self._lock:
            self._in_hand, self._pulse, self.step = "", None, ""
            if not self._waiting or self._stopping.is_set():
                self._waiting.clear()
                self._thread = None
                return None
            self._in_hand = next(iter(self._waiting))
            self._pulse = Pulse(self._stopping)
            return self._waiting.pop(self._in_hand)

    def _done(self, act: Act) -> None:
        assert self._pulse is not None  # noqa: S101  # set by _next
        try:
            act(self._pulse)
        except Stopped:
            with logs.at(site=self.name):
                log.info("%s ended because the daemon ends", self._in_hand)
        except MTDataError as error:
            self._fault(self._in_hand, error)
