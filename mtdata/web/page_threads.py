"""The threads that answer pages, and what is told of requests that wait; it answers none."""

from __future__ import annotations

import logging

from waitress.task import ThreadedTaskDispatcher

from mtdata import logs

log = logging.getLogger(__name__)
WAIT = "requests wait for a thread"


class PageThreads(ThreadedTaskDispatcher):
    """The threads; that requests wait is told by looking at them, and not with each request."""

    queue_logger = logging.Logger(__name__, logging.CRITICAL)
    """The library's own would tell of each request that waits: thousands a minute, in its words."""
    _has_waited = False

    def waiting(self) -> int:
        """How many requests no thread is free for."""
        with self.lock:
            idle = len(self.threads) - self.stop_count - self.active_count
            return max(0, len(self.queue) - idle)

    def tell_of_waiting(self) -> None:
        """Look, about once a second: what waits at two looks in a row is told; less is no trouble.

        How often it is told is the log's business.
        """
        waiting = self.waiting()
        if waiting and self._has_waited:
            log.warning(
                "%d requests wait until one of the %d threads has answered another; none is lost, "
                "but every page is slow meanwhile", waiting, len(self.threads),
                extra=logs.alike(WAIT),
            )  # fmt: skip
        elif not waiting:
            logs.over(WAIT)
        self._has_waited = bool(waiting)
