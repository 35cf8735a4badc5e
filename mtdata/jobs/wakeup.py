"""Wakes the sleeping slots of one runner; a wake-up while nobody sleeps is not lost."""

from __future__ import annotations

import threading


class Wakeup:
    """Slots sleep by it: each says how often it had woken before it last looked for work."""

    def __init__(self) -> None:
        self._changed, self._asleep = threading.Condition(), 0
        self.count = 0

    def wake(self) -> bool:
        """Wake everybody; whether anybody slept whom no earlier wake-up has woken."""
        with self._changed:
            self.count += 1
            self._changed.notify_all()
            woken, self._asleep = self._asleep, 0
            return woken > 0

    def sleep(self, since: int, within_s: float) -> None:
        """Sleep until `count` differs from `since`, or for `within_s` seconds."""
        with self._changed:
            if self.count != since:
                return
            self._asleep += 1
            if not self._changed.wait_for(lambda: self.count != since, within_s):
                self._asleep -= 1
