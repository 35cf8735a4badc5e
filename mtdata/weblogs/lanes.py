"""Threads that send batches, each over a connection of its own; none decides what is sent."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import Generic, NamedTuple, TypeVar

from mtdata.alerts.program_fault import ProgramFault, contained
from mtdata.weblogs.matomo.errors import TrackingError
from mtdata.weblogs.matomo.tracker import BatchAnswer, Target, Tracker

T = TypeVar("T")


class Returned(NamedTuple, Generic[T]):
    """What came of a batch; `fault` where nothing of it went out."""

    what: T
    sent: BatchAnswer | None
    fault: TrackingError | None


class Lanes(Generic[T]):
    """Sends batches at once, as many as are handed over; for one thread that hands them over."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._free: list[_Lane[T]] = []
        self._lanes: list[_Lane[T]] = []
        self._returned: SimpleQueue[tuple[_Lane[T], Returned[T] | ProgramFault]] = SimpleQueue()
        self.under_way = 0

    def send(self, what: T, requests: Sequence[bytes]) -> None:
        """Send a batch, which comes back from `returned` by its `what`."""
        if not self._free:
            lane = _Lane(self._target, self._returned)
            self._lanes.append(lane)
            self._free.append(lane)
        self._free.pop().orders.put((what, requests))
        self.under_way += 1

    def returned(self, wait_s: float) -> list[Returned[T]]:
        """What has come back; waits for the first of it for so long."""
        found: list[Returned[T]] = []
        while self.under_way:
            try:
                lane, one = (
                    self._returned.get(timeout=wait_s) if wait_s else self._returned.get_nowait()
                )
            except Empty:
                break
            self.under_way -= 1
            if isinstance(one, ProgramFault):
                raise one
            self._free.append(lane)
            found.append(one)
            wait_s = 0.0
        return found

    def close(self) -> None:
        """End the threads; what is under way is not waited for."""
        for lane in self._lanes:
            lane.orders.put(None)


class _Lane(threading.Thread, Generic[T]):
    def __init__(
        self, target: Target, returned: SimpleQueue[tuple[_Lane[T], Returned[T] | ProgramFault]]
    ) -> None:
        super().__init__(name="mtdata-matomo", daemon=True)
        self._tracker, self._returned = Tracker(target), returned
        self.orders: SimpleQueue[tuple[T, Sequence[bytes]] | None] = SimpleQueue()
        self.start()

    def run(self) -> None:
        """Send one after another."""
        try:
            with contained("the sending of hits"):  # a fault of the program ends the import
                while (order := self.orders.get()) is not None:
                    self._returned.put((self, self._sent(*order)))
        except ProgramFault as fault:
            self._returned.put((self, fault))
        finally:
            self._tracker.close()

    def _sent(self, what: T, requests: Sequence[bytes]) -> Returned[T]:
        try:
            return Returned(what, self._tracker.send(requests), None)
        except TrackingError as fault:
            return Returned(what, None, fault)
