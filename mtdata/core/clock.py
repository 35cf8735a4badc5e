"""The machine's clock, the only place that asks what time it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo


class SystemClock:
    """Port Clock; `zone` None means the zone that the machine is set to."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone

    def now(self) -> datetime:
        """Port: Clock.now."""
        return datetime.now(UTC)

    def local(self, moment: datetime) -> datetime:
        """Port: Clock.local."""
        return moment.astimezone(self._zone)

    def ticks(self) -> float:
        """Seconds that only go on, for measuring spans of time."""
        return time.monotonic()


class ByteRate:
    """Makes whoever spends bytes wait, so that a second sees no more than `rate` of them."""

    def __init__(
        self,
        rate: float,
        ticks: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate, self._ticks, self._wait = rate, ticks, wait
        self._paid_until = ticks()

    def spend(self, count: int) -> None:
        """Return when that many bytes are within the rate; what was saved up is not kept long."""
        now = self._ticks()
        self._paid_until = max(self._paid_until, now - 1.0) + count / self._rate
        if self._paid_until > now:
            self._wait(self._paid_until - now)
