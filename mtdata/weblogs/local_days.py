"""On which day of a site's zone a hit counts: Matomo's reports are of these days."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST_KNOWN = 1_000


class LocalDays:
    """The days of a zone; it remembers when those began that it was asked for."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._begins: list[int] = []
        self._days: list[tuple[int, str]] = []  # the end of each, and its name

    def bounds(self, day: date) -> tuple[int, int]:
        """Its first second since 1970, and that of the next day."""
        return self._begin(day), self._begin(day + timedelta(days=1))

    def of_each(self, moments: Sequence[int]) -> list[str]:
        """The day of each of these seconds since 1970."""
        if not moments:
            return []
        end, day = self._day(min(moments))
        if max(moments) < end:
            return [day] * len(moments)
        return [self._day(moment)[1] for moment in moments]

    def _day(self, moment: int) -> tuple[int, str]:
        place = bisect_right(self._begins, moment) - 1
        if place >= 0 and moment < self._days[place][0]:
            return self._days[place]
        day = datetime.fromtimestamp(moment, UTC).astimezone(self._zone).date()
        begin, end = self.bounds(day)
        known = end, day.isoformat()
        if len(self._begins) >= MOST_KNOWN:
            self._begins.clear()
            self._days.clear()
            place = -1
        self._begins.insert(place + 1, begin)
        self._days.insert(place + 1, known)
        return known

    def _begin(self, day: date) -> int:
        return int(datetime.combine(day, time(), self._zone).timestamp())
