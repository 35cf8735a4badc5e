"""What is foreseen out of plain numbers: alarms at the thresholds, none on steady days."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.core.ports import Room
from mtdata.study.model import forecast
from mtdata.study.model.forecast import RoundTries, Silence

NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MIB = 1024**2
NEW_YORK = ZoneInfo("America/New_York")


def daily(days: int, *hours: float, end: datetime = NOON) -> list[datetime]:
    """Entries at these hours before `end` on each of so many days back."""
    return [end - back * DAY - hour * HOUR for back in range(days) for hour in hours or (0,)]


# --- silence


def test_a_scale_that_has_some_every_day_is_silent_after_three_of_its_longest_gaps() -> None:
    found = forecast.silence(daily(28, 0, 4, 8))  # 16 hours at night
    assert found == Silence(NOON, 16 * HOUR)
    assert found.limit == 48 * HOUR


def test_no_gap_makes_less_than_a_day_a_silence() -> None:
    found = forecast.silence(NOON - n * HOUR for n in range(24 * 28))
    assert found is not None
    assert (found.usual, found.limit) == (HOUR, DAY)


@pytest.mark.parametrize(
    ("arrivals", "why"),
    [
        ([], "never any"),
        ([NOON - week * 7 * DAY for week in range(8)], "once a week"),
        (daily(13), "a study that has just begun"),
        (daily(4) + daily(20, end=NOON - 15 * DAY), "on four of the last fourteen days"),
    ],
)
def test_where_nothing_is_usual_there_is_no_silence(arrivals: list[datetime], why: str) -> None:
    assert forecast.silence(arrivals) is None, why


def test_a_weekend_that_is_always_empty_is_no_silence() -> None:
    friday = datetime(2026, 3, 13, 18, 0, tzinfo=UTC)
    days = [friday - n * DAY for n in range(35) if (friday - n * DAY).weekday() < 5]
    found = forecast.silence(days + [day - 9 * HOUR for day in days])
    assert found is not None
    assert found.usual == 63 * HOUR  # from Friday's evening to Monday's morning
    assert found.limit > 2.5 * DAY


def test_a_gap_of_more_than_four_weeks_ago_is_forgotten() -> None:
    found = forecast.silence([*daily(29), *daily(5, end=NOON - 50 * DAY)])
    assert found is not None
    assert found.usual == DAY


def test_the_words_of_a_silence_do_not_change_while_it_lasts() -> None:
    found = Silence(NOON, 16 * HOUR)
    assert "2026-03-12 12:00 UTC" in found.detail()
    assert "16 h" in found.detail()


@given(gap_h=st.floats(0.1, 30), phase=st.floats(0, 1), days=st.integers(17, 40))
def test_steady_arrivals_are_never_silent(gap_h: float, phase: float, days: int) -> None:
    count = int(days * 24 / gap_h)
    arrivals = [NOON - n * gap_h * HOUR for n in range(count)]
    found = forecast.silence(arrivals)
    now = NOON + phase * gap_h * HOUR
    assert found is not None
    assert now - found.since <= found.limit


@given(st.lists(st.integers(0, 60 * 24 * 40), min_size=1, max_size=200))
def test_the_limit_is_a_day_at_least_and_three_of_the_longest_gaps(minutes: list[int]) -> None:
    arrivals = [NOON - timedelta(minutes=n) for n in minutes]
    found = forecast.silence(arrivals)
    if found is not None:
        recent = sorted(m for m in arrivals if max(arrivals) - m <= 28 * DAY)
        longest = max(b - a for a, b in pairwise(recent))
        assert (found.since, found.limit) == (max(arrivals), max(DAY, 3 * longest))


def test_who_did_not_listen_heard_no_silence() -> None:
    every_minutes = [NOON + n * timedelta(minutes=5) for n in range(1, 13)]
    assert forecast.listened(NOON, every_minutes, 300) == HOUR
    after_three_days_away = [*every_minutes, NOON + 3 * DAY]
    assert forecast.listened(NOON, after_three_days_away, 300) == 75 * timedelta(minutes=1)
    assert forecast.listened(NOON, [], 300) == timedelta()


@given(st.integers(0, 600), st.sampled_from([-DAY, DAY, HOUR, -HOUR]))
def test_a_clock_that_is_moved_adds_no_more_than_one_late_round(at: int, move: timedelta) -> None:
    rounds = [NOON + n * timedelta(minutes=5) + (move if n > at else 0 * DAY) for n in range(600)]
    true = 600 * timedelta(minutes=5)
    assert forecast.listened(NOON, rounds, 300) <= true + timedelta(minutes=15)


# --- surge


@pytest.mark.parametrize(
    ("today", "before", "known", "alarm"),
    [
        (1000, [99] * 14, 30, True),
        (1001, [100] * 14, 30, True),
        (1000, [100] * 14, 30, False),
        (999, [1] * 14, 30, False),
        (1000, [0] * 14, 30, True),
        (5000, [0] * 13 + [900], 30, False),
        (50_000, [0] * 14, 6, False),
        (50_000, [0] * 14, 7, True),
    ],
)
def test_a_surge_is_more_than_ten_of_the_highest_days_and_a_thousand(
    today: int, before: list[int], known: int, *, alarm: bool
) -> None:
    assert bool(forecast.surge(today, before, known)) is alarm


@given(st.integers(1, 10**6), st.floats(0.2, 5))
def test_steady_days_are_no_surge(most: int, factor: float) -> None:
    assert forecast.surge(int(most * factor), [most] * 14, 100) is None


# --- lock-out


def test_a_lockout_is_told_with_the_time_that_is_left() -> None:
    told = forecast.lockout(3000, 5000, 1550, deletes=False)
    assert told is not None
    assert "reached in about 31 h at 1,550 new rows a day" in told
    assert "3,000 rows" in told
    assert "5,000" in told


@pytest.mark.parametrize(
    ("rows", "per_day", "deletes", "alarm"),
    [
        (8000, 0, True, True),  # 80 %
        (7999, 0, True, False),
        (7999, 0, False, False),
        (4000, 3000, False, True),  # 48 h
        (4000, 2999, False, False),
        (2500, 4000, True, False),  # no more than a day's: deletes keep pace
        (4001, 4000, True, True),  # more than a day's: they do not
        (10_000, 0, True, True),
        (0, 0, False, False),
    ],
)
def test_a_lockout_is_foreseen_at_four_fifths_or_two_days_ahead(
    rows: int, per_day: float, *, deletes: bool, alarm: bool
) -> None:
    assert bool(forecast.lockout(rows, 10_000, per_day, deletes=deletes)) is alarm


def test_the_rate_is_the_mean_of_whole_days_or_todays_when_that_is_more() -> None:
    assert forecast.daily_rate(0, [10, 20, 30]) == 20
    assert forecast.daily_rate(90, [10, 20, 30]) == 90
    assert forecast.daily_rate(0, []) == 0


# --- disk


@pytest.mark.parametrize(
    ("room", "week", "files", "alarm"),
    [
        (Room(512 * MIB, 5000), 0, 0, False),
        (Room(512 * MIB - 1, 5000), 0, 0, True),
        (Room(700 * MIB, 5000), 700 * MIB, 0, False),
        (Room(700 * MIB, 5000), 701 * MIB, 0, True),
        (Room(900 * MIB, 1349), 0, 350, True),
        (Room(900 * MIB, 1350), 0, 350, False),
        (Room(900 * MIB, None), 0, 350, False),
    ],
)
def test_a_disk_is_low_before_it_is_full(room: Room, week: int, files: int, *, alarm: bool) -> None:
    assert bool(forecast.disk_low(room, week, files)) is alarm


# --- schedule


def test_a_schedule_is_missed_after_three_times_every_and_never_before_a_quarter_hour() -> None:
    good = RoundTries(NOON)
    assert not forecast.is_missed(good, 300, NOON + timedelta(minutes=15))
    assert forecast.is_missed(good, 300, NOON + timedelta(minutes=15, seconds=1))
    assert not forecast.is_missed(good, 3600, NOON + 3 * HOUR)
    assert forecast.is_missed(good, 3600, NOON + 3 * HOUR + timedelta(seconds=1))


def test_a_pool_in_which_no_round_was_begun_waits_for_none() -> None:
    assert not forecast.is_missed(RoundTries(), 300, NOON)
    assert not forecast.is_missed_daily(RoundTries(), time(3, 30), UTC, NOON)


def test_rounds_that_never_went_well_are_overdue_from_the_first_that_was_begun() -> None:
    tried = RoundTries(None, NOON, 4)
    assert not forecast.is_missed(tried, 300, NOON + timedelta(minutes=10))
    assert forecast.is_missed(tried, 300, NOON + timedelta(minutes=20))


def test_a_first_round_after_a_pause_is_given_time_before_it_counts_as_missed() -> None:
    now = NOON + 3 * DAY
    running = RoundTries(NOON, now - timedelta(minutes=5), 1, running=True)
    assert not forecast.is_missed(running, 300, now)
    assert forecast.is_missed(running, 300, now + timedelta(minutes=11))  # it hangs, or was killed
    assert forecast.is_missed(running._replace(tries=2), 300, now)  # one failed before it
    assert forecast.is_missed(running._replace(running=False), 300, now)


def test_a_clock_put_back_by_a_day_hides_no_missed_schedule() -> None:
    back = NOON - DAY
    tried = RoundTries(NOON, back + timedelta(minutes=5), 3)
    assert not forecast.is_missed(tried, 300, back + timedelta(minutes=10))
    assert forecast.is_missed(tried, 300, back + timedelta(minutes=21))
    assert not forecast.is_missed(RoundTries(NOON), 300, back)  # nothing was tried since: not known


def test_static_scales_are_missed_six_hours_after_their_time() -> None:
    done = RoundTries(datetime(2026, 3, 11, 3, 40, tzinfo=UTC))
    for hour, late in ((3, False), (9, False), (10, True)):
        now = datetime(2026, 3, 12, hour, 20, tzinfo=UTC)
        assert forecast.is_missed_daily(done, time(3, 30), UTC, now) is late


@pytest.mark.parametrize("day", [datetime(2026, 3, 8), datetime(2026, 11, 1)])
@pytest.mark.parametrize("at", [time(1, 30), time(2, 30), time(3, 30)])
def test_a_change_of_the_clocks_makes_no_daily_round_late(day: datetime, at: time) -> None:
    done = forecast.latest(at, NEW_YORK, day.replace(tzinfo=UTC)) + timedelta(minutes=10)
    for minutes in range(0, 3 * 24 * 60, 20):
        now = day.replace(tzinfo=UTC) + timedelta(minutes=minutes)
        due = forecast.latest(at, NEW_YORK, now)
        done = max(
            done, due + timedelta(minutes=10) if now >= due + timedelta(minutes=10) else done
        )
        assert not forecast.is_missed_daily(RoundTries(done), at, NEW_YORK, now)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.times(),
    st.sampled_from([UTC, NEW_YORK]),
)
def test_the_next_time_of_a_day_is_the_first_that_comes(
    moment: datetime, at: time, zone: ZoneInfo
) -> None:
    now = moment.replace(tzinfo=UTC)
    found = forecast.coming(at, zone, now)
    assert now < found <= now + 25 * HOUR
    assert forecast.latest(at, zone, found - timedelta(seconds=1)) <= now


# --- words


@pytest.mark.parametrize(
    ("length", "word"),
    [(90 * timedelta(minutes=1), "90 min"), (31 * HOUR, "31 h"), (5 * DAY, "5 days")],
)
def test_spans_are_told_in_the_unit_that_fits(length: timedelta, word: str) -> None:
    assert forecast.span(length) == word


def test_sizes_are_told_in_the_unit_that_fits() -> None:
    assert [forecast.size(n) for n in (12, 2048, 512 * MIB, 3 * 1024 * MIB)] == [
        "12 B", "2.0 KiB", "512.0 MiB", "3.0 GiB",
    ]  # fmt: skip
