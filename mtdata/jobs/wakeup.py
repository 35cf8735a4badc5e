"""A bell that the slots of one runner hear; a ring while nobody sleeps is not lost."""

from __future__ import annotations

import threading


class Bell:
    """Slots sleep by it: each says how often it had rung before it last looked for work."""

    def __init__(self) -> None:
        self._changed, self._asleep = threading.Condition(), 0
        self.rung = 0

    def ring(self) -> bool:
        """Wake everybody; whether anybody slept whom no earlier ring has woken."""
        with self._changed:
            self.rung += 1
            self._changed.notify_all()
            woken, self._asleep = self._asleep, 0
            return woken > 0

    def sleep(self, since: int, within_s: float) -> None:
        """Sleep until it rings, or has rung `since`, or the time is over."""
        with self._changed:
            if self.rung != since:
                return
            self._asleep += 1
            if not self._changed.wait_for(lambda: self.rung != since, within_s):
                self._asleep -= 1
