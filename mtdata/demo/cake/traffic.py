"""Clicks and events of the stand-in for CAKE, each worked out from its number; none is stored.

A day has the same number of rows whatever the seed, more by day than by night.  Rows are told by
the real hour and their place in it; ids grow with real time, and the wall clock goes its own way.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache, partial
from typing import NamedTuple

HOUR_S = 3600
HOUR_MS = HOUR_S * 1000
HALF_MS = HOUR_MS // 2
BUSY = (3, 2, 2, 2, 2, 3, 4, 6, 7, 8, 9, 9, 9, 9, 8, 8, 8, 9, 9, 9, 8, 7, 5, 4)
"""Share of the rows by the hour of the wall clock."""
ALL = sum(BUSY)
FIRST_HOUR = int(datetime(2014, 1, 1, tzinfo=UTC).timestamp()) // HOUR_S
EPOCH = datetime(1970, 1, 1)


class Born(NamedTuple):
    """A row's id, the wall clock at that moment (ms since 1970, zone-less), and its number."""

    id: int
    wall_ms: int
    number: int


class Run(NamedTuple):
    """Rows `first` to `last` (excluded) of a real hour, under one offset of the zone."""

    hour: int
    first: int
    last: int
    offset_ms: int

    @property
    def rows(self) -> int:
        """The number of rows of the run."""
        return self.last - self.first


def wall_ms(moment: datetime) -> int:
    """A naive time as milliseconds of the wall clock."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


class Stream:
    """One kind of rows: so many a day, with ids from `base` on."""

    def __init__(self, zone: tzinfo, a_day: int, base: int, seed: int) -> None:
        self.zone, self.a_day, self.base, self.seed = zone, a_day, base, seed
        self._stride = max(1, a_day * max(BUSY) // ALL + 2)
        self._in_hour = lru_cache(maxsize=4096)(self._counted)
        self._offset = lru_cache(maxsize=4096)(self._offset_at)

    def runs(self, start_ms: int, end_ms: int, now_ms: int) -> list[Run]:
        """The rows of a window of the wall clock, in real order; those after now are not there."""
        found: list[Run] = []
        half = (start_ms - 26 * HOUR_MS) // HALF_MS
        while half * HALF_MS < end_ms + 26 * HOUR_MS:
            offset = self._offset(half)
            begin = max(half * HALF_MS, start_ms - offset)
            end = min((half + 1) * HALF_MS, end_ms - offset, now_ms)
            if begin < end:
                found.append(self._run(half // 2, begin, end, offset))
            half += 1
        return [run for run in found if run.rows]

    def born(self, run: Run) -> Iterator[Born]:
        """The rows of a run, the newest first."""
        start = run.hour * HOUR_MS + run.offset_ms
        first_id = self.base + (run.hour - FIRST_HOUR) * self._stride
        count = self._in_hour(run.hour)
        mixed, seed = run.hour * 40503, self.seed
        for number in range(run.last - 1, run.first - 1, -1):
            chance = (number * 2654435761 + mixed + seed) & 0xFFFF
            at = (number * 65536 + chance) * HOUR_MS // (count * 65536)
            yield Born(first_id + number, start + at, number + mixed)

    def find(self, id: int) -> Born | None:
        """The row of that id, if there is one."""
        hour, number = divmod(id - self.base, self._stride)
        hour += FIRST_HOUR
        if hour < FIRST_HOUR or number >= self._in_hour(hour):
            return None
        offset = self._offset((hour * HOUR_MS + self._moment_ms(hour, number)) // HALF_MS)
        return next(self.born(Run(hour, number, number + 1, offset)))

    def _run(self, hour: int, begin_ms: int, end_ms: int, offset_ms: int) -> Run:
        start = hour * HOUR_MS
        places, moment_ms = range(self._in_hour(hour)), partial(self._moment_ms, hour)
        first = bisect_left(places, begin_ms - start, key=moment_ms)
        last = bisect_left(places, end_ms - start, key=moment_ms)
        return Run(hour, first, last, offset_ms)

    def _moment_ms(self, hour: int, number: int) -> int:
        """Milliseconds of the hour, growing with the number."""
        chance = (number * 2654435761 + hour * 40503 + self.seed) & 0xFFFF
        return (number * 65536 + chance) * HOUR_MS // (self._in_hour(hour) * 65536)

    def _counted(self, hour: int) -> int:
        moment = datetime.fromtimestamp(hour * HOUR_S, UTC).astimezone(self.zone)
        before = sum(BUSY[: moment.hour])
        after = before + BUSY[moment.hour]
        return self.a_day * after // ALL - self.a_day * before // ALL

    def _offset_at(self, half: int) -> int:
        moment = datetime.fromtimestamp(half * HALF_MS // 1000, UTC).astimezone(self.zone)
        return (moment.utcoffset() or timedelta()) // timedelta(milliseconds=1)
