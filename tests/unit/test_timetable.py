"""The timetable on a clock that is moved by hand: nothing waits for an hour that comes twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from benchmarks.moved_clock import MovedClock, scheduled_by
from mtdata.daemon.timetable import Timetable

BERLIN = ZoneInfo("Europe/Berlin")


class Day:
    """A timetable with one act every five minutes, planned anew when the clock jumps."""

    def __init__(self, clock: MovedClock) -> None:
        self.clock, self.table = clock, Timetable(clock)
        self.done: list[datetime] = []
        self.jumps = 0
        self.plan()

    def plan(self) -> None:
        self.table.clear()
        self.table.every(300, lambda: self.done.append(self.clock.now()))

    def live(self, seconds: int, step: int = 10) -> None:
        for _ in range(0, seconds, step):
            self.clock.go_on(step)
            if self.table.has_jumped():
                self.jumps += 1
                self.plan()
            self.table.run_pending()


def day(at: datetime, zone: tzinfo = UTC) -> Day:
    return Day(MovedClock(at, zone))


@pytest.fixture
def quiet() -> Day:
    return day(datetime(2026, 6, 1, 12, tzinfo=UTC))


def test_an_act_comes_at_once_and_then_every_period(quiet: Day) -> None:
    with scheduled_by(quiet.clock):
        quiet.live(3600)
    assert (len(quiet.done), quiet.jumps) == (12, 0)
    gaps = {(b - a).total_seconds() for a, b in zip(quiet.done, quiet.done[1:], strict=False)}
    assert gaps == {300}


@pytest.mark.parametrize("moved", [timedelta(days=1), timedelta(days=-1), timedelta(hours=-1)])
def test_a_clock_that_is_moved_delays_nothing(quiet: Day, moved: timedelta) -> None:
    with scheduled_by(quiet.clock):
        quiet.live(1000)
        quiet.clock.move(moved)
        quiet.live(20)
        assert quiet.jumps == 1
        before = len(quiet.done)
        quiet.live(3000)
    assert 10 <= len(quiet.done) - before <= 11


@pytest.mark.parametrize(
    "eve", [datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 3, 28, 22, tzinfo=UTC)]
)
def test_summer_time_comes_and_goes_without_a_gap(eve: datetime) -> None:
    night = day(eve, BERLIN)
    with scheduled_by(night.clock):
        night.live(8 * 3600)
    assert night.jumps == 1
    assert max(b - a for a, b in zip(night.done, night.done[1:], strict=False)).seconds <= 310
    assert len(night.done) >= 96


def test_a_machine_that_slept_does_what_is_due_once(quiet: Day) -> None:
    with scheduled_by(quiet.clock):
        quiet.live(600)
        before = len(quiet.done)
        quiet.clock.move(timedelta(hours=5))  # its own count of time stood still
        quiet.live(20)
    assert len(quiet.done) == before + 1
