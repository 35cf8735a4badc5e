"""Which day's reports are due and what they ask for: moved clocks, odd days, outages."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.jobs.daily import MOST_DAYS, EndedReport, Known, Plan, day_of, name_of, stretch

NEW_YORK, LORD_HOWE, SAO_PAULO = (
    ZoneInfo(name) for name in ("America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo")
)
FIVE = timedelta(minutes=5)
ONE = timedelta(days=1)
TODAY = date(2026, 6, 10)
CLICKS_S = 2 * 86_400.0
MOMENTS = st.datetimes(datetime(2016, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
PLANS = st.builds(
    Plan,
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.sampled_from([NEW_YORK, LORD_HOWE, SAO_PAULO, ZoneInfo("UTC")]),
    st.timedeltas(timedelta(seconds=1), timedelta(days=3)),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "at", "zone", "moment"),
    [
        ("2026-06-01", time(4, 30), NEW_YORK, "2026-06-01T08:30"),
        ("2026-03-08", time(2, 30), NEW_YORK, "2026-03-08T07:30"),  # it has no 02:30
        ("2026-11-01", time(1, 30), NEW_YORK, "2026-11-01T05:30"),  # twice: the first
        ("2026-11-02", time(1, 30), NEW_YORK, "2026-11-02T06:30"),
        ("2018-11-04", time(0, 0), SAO_PAULO, "2018-11-04T03:05"),  # it began at 01:00
        ("2026-06-01", time(0, 0), NEW_YORK, "2026-06-01T04:05"),  # yesterday settles first
        ("2026-06-01", time(0, 5), NEW_YORK, "2026-06-01T04:05"),
        ("2026-06-01", time(0, 6), NEW_YORK, "2026-06-01T04:06"),
    ],
)
def test_a_day_begins_at_its_time_in_the_zone_once_the_day_before_has_settled(
    day: str, at: time, zone: ZoneInfo, moment: str
) -> None:
    assert Plan(at, zone, FIVE).begins(date.fromisoformat(day)) == utc(moment)


def test_the_night_between_midnight_and_the_time_belongs_to_the_day_before() -> None:
    plan = Plan(time(4, 30), NEW_YORK, FIVE)
    assert plan.due(utc("2026-06-10T08:29:59")) == TODAY - ONE
    assert plan.due(utc("2026-06-10T08:30")) == TODAY
    assert plan.next_at(utc("2026-06-10T08:30")) == utc("2026-06-11T08:30")


def test_rows_that_take_days_to_settle_make_days_late_and_leave_out_none() -> None:
    plan = Plan(time(4, 30), ZoneInfo("UTC"), timedelta(hours=60))
    assert plan.due(utc("2026-06-10T11:59")) == TODAY - 3 * ONE
    assert plan.due(utc("2026-06-10T12:00")) == TODAY - 2 * ONE


@given(MOMENTS, PLANS)
def test_over_months_of_looks_each_day_becomes_due_once_and_none_is_left_out(
    begin: datetime, plan: Plan
) -> None:
    seen = [plan.due(begin + timedelta(hours=hours)) for hours in range(0, 24 * 150, 5)]
    days = sorted(set(seen))
    assert seen == sorted(seen)
    assert days == [days[0] + number * ONE for number in range(len(days))]
    assert plan.begins(seen[0]) <= begin < plan.next_at(begin) == plan.begins(seen[0] + ONE)


def test_usually_a_report_looks_back_as_far_as_it_is_told() -> None:
    for served in (None, TODAY - ONE, TODAY, TODAY + 30 * ONE):  # the clock had been put forward
        asked = stretch(TODAY, CLICKS_S, served)
        assert (asked.first, asked.has_hole) == (TODAY - 2 * ONE, False)
    assert stretch(TODAY, 60 * 86_400.0, None).first == TODAY - 60 * ONE


def test_begun_days_are_whole_ones_and_there_is_always_one() -> None:
    assert stretch(TODAY, 1.0, None).first == TODAY - ONE
    assert stretch(TODAY, 36 * 3600.0, None).first == TODAY - 2 * ONE


@given(st.integers(1, 500), st.floats(1.0, 366 * 86_400.0))
def test_after_an_outage_one_report_asks_for_all_that_the_missed_ones_would_have(
    missed: int, look_back_s: float
) -> None:
    served = TODAY - (missed + 1) * ONE
    days = [served + number * ONE for number in range(1, missed + 2)]
    firsts = [stretch(day, look_back_s, day - ONE).first for day in days]
    asked = stretch(TODAY, look_back_s, served)
    assert asked.wanted == min(firsts)
    assert (TODAY - asked.first).days <= MOST_DAYS
    assert asked.has_hole == ((TODAY - min(firsts)).days > MOST_DAYS)


def test_a_long_account_has_a_name_that_the_records_take_and_nobody_else_has() -> None:
    usual = name_of("weblogs.import", "example.org", TODAY)
    assert usual == "daily_weblogs.import_example.org_2026-06-10"
    long = [f"{'a' * 60}.{'b' * 60}{number}.org" for number in range(3)]
    names = [name_of("weblogs.import", account, TODAY) for account in long]
    assert len(set(names)) == 3
    assert {len(name) for name in names} == {128}
    assert {day_of(name) for name in names} == {TODAY}
    edge = "a" * (128 - len("daily_weblogs.import__2026-06-10"))
    assert edge in name_of("weblogs.import", edge, TODAY)
    assert name_of("weblogs.import", edge, TODAY) < name_of("weblogs.import", edge, TODAY + ONE)


def test_a_day_is_queued_unless_it_is_there_or_one_before_it_goes_on() -> None:
    assert Known().is_due()
    assert not Known(is_there=True).is_due()
    assert not Known(before="daily_9 is Queued").is_due()


def test_what_failed_or_goes_on_too_long_is_told_until_the_next_one_came() -> None:
    failed = EndedReport("daily_9", failed=True, reason="0000: the key is not accepted")
    assert Known().trouble(TODAY) == ""
    assert Known(ended=EndedReport("daily_9", failed=False)).trouble(TODAY) == ""
    told = Known(is_there=True, ended=failed).trouble(TODAY)
    assert told == "daily_9 Failed: 0000: the key is not accepted"
    assert Known(ended=failed, goes_on=True).trouble(TODAY) == told
    assert Known(goes_on=True).trouble(TODAY) is None  # it may be tried again after it Failed
    before = Known(before="daily_9 is Queued")
    assert before.trouble(TODAY).startswith("daily_9 is Queued still, so that of 2026-06-10")
    assert before._replace(is_there=True).trouble(TODAY) == ""


def test_a_name_has_its_day() -> None:
    name = name_of("cake.clicks", "west_2026-01-01", TODAY)
    assert name == "daily_cake.clicks_west_2026-01-01_2026-06-10"
    assert day_of(name) == TODAY
