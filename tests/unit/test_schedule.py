"""When something is due: clocks that are moved, days of 23 and 25 hours, times that are not."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.core.schedule import is_due, is_due_daily, is_overdue, latest, offset

NEW_YORK, LORD_HOWE = ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
ZONES = st.sampled_from([NEW_YORK, LORD_HOWE, ZoneInfo("UTC"), None])


def test_what_was_never_done_is_due_and_what_was_just_done_is_not() -> None:
    assert is_due(None, 300, NOON)
    assert not is_due(NOON - timedelta(seconds=299), 300, NOON)
    assert is_due(NOON - timedelta(seconds=300), 300, NOON)


def test_what_was_done_in_the_future_is_due_because_the_clock_was_put_back() -> None:
    assert is_due(NOON + timedelta(days=1), 300, NOON)
    assert is_due_daily(NOON + timedelta(days=1), time(3), UTC, NOON)


def test_a_daily_duty_is_due_once_a_day_from_its_time_on() -> None:
    at, day = time(3, 30), datetime(2026, 6, 1, tzinfo=UTC)
    before, then = day.replace(hour=3, minute=29), day.replace(hour=3, minute=30)
    assert not is_due_daily(day - timedelta(hours=12), at, UTC, before)
    assert is_due_daily(day - timedelta(hours=12), at, UTC, then)
    assert not is_due_daily(then, at, UTC, then + timedelta(hours=23, minutes=59))
    assert is_due_daily(then, at, UTC, then + timedelta(hours=24))


@pytest.mark.parametrize(
    ("day", "at", "moment"),
    [
        ("2026-03-08", time(2, 30), "2026-03-08T07:30"),  # New York has no 02:30 that day
        ("2026-03-08", time(3, 30), "2026-03-08T07:30"),
        ("2026-11-01", time(1, 30), "2026-11-01T05:30"),  # it has 01:30 twice: the first
        ("2026-11-01", time(2, 30), "2026-11-01T07:30"),
        ("2026-06-01", time(0, 0), "2026-06-01T04:00"),
    ],
)
def test_a_time_of_day_is_that_of_the_zone_on_days_of_23_and_25_hours(
    day: str, at: time, moment: str
) -> None:
    evening = datetime.fromisoformat(f"{day}T23:00").replace(tzinfo=NEW_YORK)
    assert latest(at, NEW_YORK, evening) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@given(MOMENTS, TIMES, ZONES)
def test_the_latest_moment_is_never_in_the_future_and_at_most_a_long_day_ago(
    now: datetime, at: time, zone: ZoneInfo | None
) -> None:
    found = latest(at, zone, now)
    assert found <= now
    assert now - found <= timedelta(hours=26)


@given(MOMENTS, TIMES, ZONES)
def test_over_a_year_of_looks_a_daily_duty_is_done_once_each_day(
    begin: datetime, at: time, zone: ZoneInfo | None
) -> None:
    last, done = begin, 0
    for hours in range(0, 24 * 370, 3):
        now = begin + timedelta(hours=hours)
        if is_due_daily(last, at, zone, now):
            last, done = now, done + 1
    assert 368 <= done <= 371


@given(MOMENTS, st.integers(10, 86400))
def test_a_site_is_overdue_after_three_rounds_but_never_within_a_quarter_of_an_hour(
    now: datetime, every_s: int
) -> None:
    limit = timedelta(seconds=max(3 * every_s, 900))
    assert not is_overdue(now - limit, every_s, now)
    assert is_overdue(now - limit - timedelta(seconds=1), every_s, now)
    assert not is_overdue(now + timedelta(days=1), every_s, now)
    assert not is_overdue(None, every_s, now)


@given(st.integers(1, 100), st.integers(10, 86400))
def test_sites_are_spread_and_none_waits_long(count: int, every_s: int) -> None:
    places = [offset(place, count, every_s) for place in range(count)]
    assert places == sorted(set(places))
    assert places[0] == 0
    assert places[-1] < min(30, every_s / 10)
