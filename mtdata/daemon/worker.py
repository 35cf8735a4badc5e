"""One after another: the tasks of a site in a thread of their own; it knows no task's inside."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from threading import Condition, Event, Thread

from mtdata import logs
from mtdata.core.errors import MTDataError, Stopped
from mtdata.core.step import Step
from mtdata.core.stop import StopToken

log = logging.getLogger(__name__)
LOOK_S = 60.0
"""So often an idle thread looks whether it should end."""
THREAD = "mtdata "
"""Before the worker's name in that of its thread."""
NO_THREAD = (
    "this machine gives no further thread, so its tasks wait; each minute it is tried again. See "
    "`systemctl show -p TasksMax,TasksCurrent mtdata` or `ulimit -u`"
)
Act = Callable[[StopToken], None]


class SiteWorker:
    """Does what it is offered, each task by its name at most once in hand and once waiting.

    So nothing queues up however long a task lasts.  One task's fault does not end another's turn:
    an MTDataError goes to `fault`, anything else ends the thread (threading.excepthook tells it),
    and another one takes its place.  The thread stays between tasks: the C library keeps memory
    apart for threads, and ever new ones would make it grow.
    """

    def __init__(
        self, name: str, stopping: Event, fault: Callable[[str, MTDataError], None]
    ) -> None:
        self.name = name
        self.skipped: Counter[str] = Counter()
        self.step: Step | str = ""
        self._stopping, self._fault = stopping, fault
        self._changed = Condition()
        self._waiting: dict[str, Act] = {}
        self.in_hand = ""  # the task that is being done
        self._stop_token: StopToken | None = None
        self._thread: Thread | None = None

    def offer(self, name: str, act: Act) -> bool:
        """Have it done soon; False, and counted, while one of that name is in hand or waits."""
        with self._changed:
            if self._stopping.is_set():
                return False
            is_new = name != self.in_hand and name not in self._waiting
            if is_new:
                self._waiting[name] = act
                self._changed.notify_all()
            else:
                self.skipped[name] += 1
            if self._thread is None:
                self._begin()
        return is_new

    def _begin(self) -> None:
        """Begin the thread; where the system has none to give just now, the next offer tries."""
        thread = Thread(target=self._work, name=f"{THREAD}{self.name}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            with logs.at(site=self.name):
                log.error("%s", NO_THREAD, extra=logs.alike(NO_THREAD))
            return
        self._thread = thread

    def is_waited_for(self) -> bool:
        """Whether another task waits for the one in hand to end."""
        return bool(self._waiting)

    def is_busy(self) -> bool:
        """Whether a task is in hand or waits; the same moment sees a task in one of the two."""
        with self._changed:
            return self._is_busy()

    def _is_busy(self) -> bool:
        return bool(self.in_hand or self._waiting)

    def beats(self) -> int | None:
        """Signs of life of the task in hand so far; None when there is none."""
        stop_token = self._stop_token
        return stop_token.steps if stop_token else None

    def join(self, patience_s: float) -> bool:
        """Wait for all that is in hand or waits; whether it ended."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._is_busy(), patience_s)

    def _work(self) -> None:
        whole = False
        try:
            while (act := self._next()) is not None:
                self._perform(act)
            whole = True
        finally:
            if not whole:  # by a fault of the program
                with self._changed:
                    self._lay_down()
                    self._thread = None
                    if self._waiting:
                        self._begin()

    def _next(self) -> Act | None:
        """What is to be done next, waited for; None when nothing will be."""
        with self._changed:
            self._lay_down()
            while not self._waiting and not self._stopping.is_set():
                self._changed.wait(LOOK_S)
            if self._stopping.is_set():
                self._waiting.clear()
                self._thread = None
                self._changed.notify_all()
                return None
            self.in_hand = next(iter(self._waiting))
            self._stop_token = StopToken(self._stopping)
            return self._waiting.pop(self.in_hand)

    def _lay_down(self) -> None:
        self.in_hand, self._stop_token, self.step = "", None, ""
        self._changed.notify_all()

    def _perform(self, act: Act) -> None:
        assert self._stop_token is not None  # noqa: S101  # set by _next
        try:
            act(self._stop_token)
        except Stopped:
            with logs.at(site=self.name):
                log.info("%s ended because the daemon ends", self.in_hand)
        except MTDataError as error:
            self._fault(self.in_hand, error)
