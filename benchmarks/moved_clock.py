"""A clock that is moved by hand, and `schedule` made to go by it; it measures nothing."""

from __future__ import annotations

import datetime as real
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from unittest.mock import patch

import schedule


class MovedClock:
    """A clock of the wall that can be set, and one that only goes on."""

    def __init__(self, at: real.datetime, zone: real.tzinfo = real.UTC) -> None:
        self._now, self._zone, self._ticks = at, zone, 0.0

    def now(self) -> real.datetime:
        return self._now

    def local(self, moment: real.datetime) -> real.datetime:
        return moment.astimezone(self._zone)

    def ticks(self) -> float:
        return self._ticks

    def go_on(self, seconds: float) -> None:
        self._ticks += seconds
        self._now += real.timedelta(seconds=seconds)

    def move(self, by: real.timedelta) -> None:
        """Set the clock of the wall; time itself does not pass."""
        self._now += by


@contextmanager
def scheduled_by(clock: MovedClock) -> Iterator[None]:
    """Have `schedule`, which asks the machine, ask this clock."""

    class Moved(real.datetime):
        @classmethod
        def now(cls, tz: real.tzinfo | None = None) -> real.datetime:  # type: ignore[override]
            return clock.local(clock.now()).replace(tzinfo=None)

    names = SimpleNamespace(datetime=Moved, timedelta=real.timedelta)
    with patch.object(schedule, "datetime", names):
        yield
