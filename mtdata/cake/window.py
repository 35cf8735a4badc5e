"""Days of a zone as windows on its wall clock, and how long the next one is; it asks no clock.

A CAKE instance takes and gives times of its wall clock without a zone.  So a query knows nothing of
summer time: where the clock is set back, one wall-clock hour holds the rows of two hours, and where
it is set forward an hour of the wall clock never was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import NamedTuple

from mtdata.core import schedule

ASKED = "%Y-%m-%dT%H:%M:%S"
"""How the API takes a time."""
LEAST = timedelta(seconds=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_LOOK = timedelta(minutes=15)  # no zone changes twice within this
_AROUND = timedelta(hours=26)  # no offset is larger
NOISE = timedelta(minutes=1)
"""Clicks written down by several servers are out of order by less than this."""
ROOMY = 0.5
"""A window grows while its rows fill less than this share of the cap: twice as many still fit."""


class Window(NamedTuple):
    """From `start` (included) to `end` (excluded), both of the wall clock: naive on purpose."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.start:{ASKED}} to {self.end:{ASKED}}"

    @property
    def clock(self) -> str:
        """The window as the clock shows it, for who watches: "14:25 to 14:30" of a known day."""
        form = "%H:%M:%S" if self.start.second or self.end.second else "%H:%M"
        return f"{self.start:{form}} to {self.end:{form}}"

    @property
    def length(self) -> timedelta:
        """The length of the window by the wall clock, a timedelta."""
        return self.end - self.start

    def meets(self, other: Window) -> bool:
        """Whether they share a moment of the wall clock."""
        return self.start < other.end and other.start < self.end


class ClockChange(NamedTuple):
    """A change of the clock: the part of the wall clock that happens twice, or never."""

    window: Window
    twice: bool


class HourFile(NamedTuple):
    """An hour of the wall clock whose rows have a file of their own.

    `second` is its second time, when the clock was set back within it: the same query brings the
    rows of both (`first_passes` tells them apart).
    """

    window: Window
    second: bool = False

    @property
    def name(self) -> str:
        """ClickReport_DDMMYYYY_HHMM_HHMM, `_2` behind it for the second time."""
        start, end = self.window
        stem = f"ClickReport_{start:%d%m%Y_%H%M}_{end:%H%M}"
        return f"{stem}_2" if self.second else stem


def days(first: date, last: date) -> Iterator[date]:
    """Each day from first to last, both included.  ValueError when first is after last."""
    for number in range(span(first, last).length.days):
        yield first + number * DAY


def span(first: date, last: date) -> Window:
    """The days as one window, both included.  ValueError where the last is before the first."""
    if first > last:
        raise ValueError(f"{first} is after {last}; both days are included")
    return Window(datetime.combine(first, time()), datetime.combine(last + DAY, time()))


def turns(window: Window, zone: tzinfo) -> list[ClockChange]:
    """Where the wall clock of the zone is set forward or back within the window, cut to it."""
    moments = [window.start.replace(tzinfo=UTC) - _AROUND]
    end = window.end.replace(tzinfo=UTC) + _AROUND
    while moments[-1] < end:
        moments.append(moments[-1] + _LOOK)
    found: list[ClockChange] = []
    for before, after in pairwise(moments):
        old, new = _offset(before, zone), _offset(after, zone)
        if old != new:
            moment = _change(before, after, zone).replace(tzinfo=None)
            wall = Window(moment + min(old, new), moment + max(old, new))
            if wall.meets(window):
                cut = Window(max(wall.start, window.start), min(wall.end, window.end))
                found.append(ClockChange(cut, new < old))
    return found


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The first second with the new offset."""
    old = _offset(before, zone)
    while after - before > LEAST:
        middle = before + timedelta(seconds=(after - before) // LEAST // 2)
        if _offset(middle, zone) == old:
            before = middle
        else:
            after = middle
    return after


def files(day: date, zone: tzinfo) -> list[HourFile]:
    """The hours of a day, each with a file: usually 24; 25 where an hour comes twice, 23 where
    one never was.  An hour of which half is there is an hour."""
    whole = span(day, day)
    changes, found = turns(whole, zone), []
    for number in range(24):
        hour = Window(whole.start + number * HOUR, whole.start + (number + 1) * HOUR)
        if any(without_gaps(hour, changes)):
            found.append(HourFile(hour))
        if any(turn.twice and turn.window.meets(hour) for turn in changes):
            found.append(HourFile(hour, second=True))
    return found


def without_gaps(window: Window, changes: Iterable[ClockChange]) -> Iterator[Window]:
    """What of a window was ever shown by the clock: without the hours that never were."""
    start = window.start
    gaps = sorted(turn.window for turn in changes if not turn.twice)
    for gap in gaps:
        if gap.meets(window):
            if start < gap.start:
                yield Window(start, gap.start)
            start = max(start, gap.end)
    if start < window.end:
        yield Window(start, window.end)


def never(window: Window, changes: Iterable[ClockChange]) -> Iterator[Window]:
    """What of a window no clock of the zone ever showed.

    It is asked for all the same: a row there says that the config has another zone than CAKE.
    """
    for turn in changes:
        if not turn.twice and turn.window.meets(window):
            yield Window(max(turn.window.start, window.start), min(turn.window.end, window.end))


def settled_at(window: Window, zone: tzinfo, settle: timedelta) -> datetime:
    """From when on (UTC) no new row is to be expected: its end was reached so long ago."""
    return schedule.last_reached(window.end, zone) + settle


class WindowSize(NamedTuple):
    """How long the next window is: `now` of at most `most`, in whole seconds.

    After a time-out it grows only when `waits` windows in a row went well: each try too long costs
    as long as the time limit.  What was too slow while it was longer than `usual` is not tried
    again: from then on that is the most.
    """

    most: timedelta
    now: timedelta
    waits: int = 0
    usual: timedelta = timedelta()

    @classmethod
    def of(cls, usual: timedelta, longest: timedelta = timedelta()) -> WindowSize:
        """The size at the start; where rows are few, windows become as long as `longest`."""
        return cls(max(usual, longest), usual, usual=usual)

    def window(self, start: datetime, end: datetime) -> Window:
        """The next window from `start` on, within `end`."""
        return Window(start, min(end, start + self.now))

    def shorter(self, tried: Window, times: int = 1, waits: int = 0) -> WindowSize | None:
        """The size after a window was too much, halved so often; None when it lasts a second.

        `waits`: it was too slow, and so many others must go well before it grows again.
        """
        seconds = tried.length // LEAST
        if seconds <= 1:
            return None
        if waits and tried.length > self.usual > timedelta():
            return self._replace(now=self.usual, most=self.usual)
        return self._replace(now=max(1, seconds >> times) * LEAST, waits=max(self.waits, waits))

    def longer(self, done: Window, took: int, cap: int) -> WindowSize:
        """The size after a window brought so many rows: twice as long where twice as many fit."""
        if self.waits:
            return self._replace(waits=self.waits - 1)
        if self.now >= self.most or took * (self.now / done.length) >= ROOMY * cap:
            return self
        return self._replace(now=min(self.most, 2 * self.now))


def halvings(rows: int, cap: int) -> int:
    """How often a window of that many rows must be halved to fit, were they spread evenly."""
    times = 1
    while rows >> times > cap and times < 32:
        times += 1
    return times


def first_passes(stamps: Iterable[tuple[int, datetime]]) -> int | None:
    """The highest id of the first time of an hour that came twice; later ids are of the second.

    `stamps` has id and wall-clock time of every row of that hour.  Ids grow with real time, so in
    the order of ids the clock goes once through the hour, steps back, and goes through it again:
    the two times part at the largest step back.  One shorter than NOISE is none, and without one
    all are of the first (None): the rows do not tell, and each must be in exactly one file.
    """
    ordered = sorted(stamps)
    best, last_id = NOISE, None
    for (id, earlier), (_, later) in pairwise(ordered):
        if earlier - later >= best and (last_id is None or earlier - later > best):
            best, last_id = earlier - later, id
    return last_id
