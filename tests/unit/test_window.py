"""Windows on a wall clock: each moment of a range in exactly one, whatever the clocks do."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.cake import window as w
from mtdata.cake.window import Window, WindowSize

BERLIN, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")
ZONES = sorted(name for name in available_timezones() if name != "localtime")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@cache
def changing_days(name: str) -> list[date]:
    """The days on which the zone's clock is changed, of three years far apart."""
    zone = ZoneInfo(name)
    noons = [
        datetime(year, 1, 1, 12, tzinfo=UTC) + timedelta(days=number)
        for year in (2007, 2011, 2026)
        for number in range(365)
    ]
    offsets = [noon.astimezone(zone).utcoffset() for noon in noons]
    found = [noons[i].date() for i in range(1, len(noons)) if offsets[i - 1] != offsets[i]]
    return [day - timedelta(days=back) for day in found for back in (0, 1)] or [date(2026, 3, 29)]


@st.composite
def days_and_zones(draw: st.DrawFn) -> tuple[date, ZoneInfo]:
    name = draw(st.sampled_from(ZONES))
    some = st.dates(date(2000, 1, 1), date(2037, 1, 1))
    return draw(st.sampled_from(changing_days(name)) | some), ZoneInfo(name)


def minutes_of(day: date, zone: ZoneInfo) -> list[datetime]:
    """Every minute that the zone's clock showed on that day, in real order: the slow, sure way."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=27)
    moments = (start + number * MINUTE for number in range((24 + 54) * 60))
    walls = (moment.astimezone(zone).replace(tzinfo=None) for moment in moments)
    return [wall for wall in walls if wall.date() == day]


@given(days_and_zones())
def test_the_files_of_a_day_are_the_hours_that_its_clock_showed(
    case: tuple[date, ZoneInfo],
) -> None:
    day, zone = case
    shown = minutes_of(day, zone)
    twice = {wall for wall, times in Counter(shown).items() if times == 2}
    first = {wall.hour for wall in shown}
    second = {wall.hour for wall in twice}
    files = w.files(day, zone)
    assert [file.window.start.hour for file in files if not file.second] == sorted(first)
    assert {file.window.start.hour for file in files if file.second} == second
    assert len({file.name for file in files}) == len(files)


@given(days_and_zones())
def test_what_was_there_and_what_never_was_tile_the_day(case: tuple[date, ZoneInfo]) -> None:
    day, zone = case
    whole = w.span(day, day)
    changes = w.turns(whole, zone)
    there, never = list(w.without_gaps(whole, changes)), list(w.never(whole, changes))
    tiles = sorted(there + never)
    assert [tile.start for tile in tiles] + [whole.end] == [whole.start] + [
        tile.end for tile in tiles
    ]
    shown = set(minutes_of(day, zone))
    assert all((tile.start in shown) == (tile in there) for tile in tiles)
    assert len(shown) == sum((tile.length for tile in there), timedelta()) // MINUTE


def test_a_long_day_has_25_files_and_a_short_one_23() -> None:
    long, short = w.files(date(2026, 10, 25), BERLIN), w.files(date(2026, 3, 29), BERLIN)
    assert [file.name for file in long][1:5] == [
        "ClickReport_25102026_0100_0200",
        "ClickReport_25102026_0200_0300",
        "ClickReport_25102026_0200_0300_2",
        "ClickReport_25102026_0300_0400",
    ]
    assert (len(long), len(short)) == (25, 23)
    assert "ClickReport_29032026_0200_0300" not in [file.name for file in short]
    assert long[-1].name == "ClickReport_25102026_2300_0000"
    changes = w.turns(w.span(date(2026, 3, 29), date(2026, 3, 29)), BERLIN)
    assert [str(gap) for gap in w.never(short[0].window, changes)] == []


def test_half_an_hour_that_comes_twice_or_never_keeps_its_hour() -> None:
    long = [file.name[-9:] for file in w.files(date(2026, 4, 5), LORD_HOWE)]
    assert long[1:4] == ["0100_0200", "00_0200_2", "0200_0300"]
    assert len(w.files(date(2026, 10, 4), LORD_HOWE)) == 24, "02:30 to 03:00 was there"


def test_a_start_after_the_end_is_refused() -> None:
    day, before = date(2026, 3, 2), date(2026, 3, 1)
    assert list(w.days(before, day)) == [before, day]
    for call in (lambda: list(w.days(day, before)), lambda: w.span(day, before)):
        with pytest.raises(ValueError, match="both days are included"):
            call()


def test_a_window_settles_after_its_second_time() -> None:
    settle = timedelta(minutes=5)
    last = Window(datetime(2026, 10, 25, 2, 55), datetime(2026, 10, 25, 3))
    assert w.settled_at(last, BERLIN, settle) == datetime(2026, 10, 25, 2, 5, tzinfo=UTC)
    first = Window(datetime(2026, 10, 25, 2), datetime(2026, 10, 25, 2, 5))
    assert w.settled_at(first, BERLIN, settle) == datetime(2026, 10, 25, 1, 10, tzinfo=UTC)


def test_a_day_whose_midnight_never_comes_settles_after_its_last_second() -> None:
    day = w.span(date(2018, 11, 3), date(2018, 11, 3))
    settled = w.settled_at(day, ZoneInfo("America/Sao_Paulo"), timedelta(minutes=5))
    assert settled == datetime(2018, 11, 4, 3, 5, tzinfo=UTC)


@given(
    st.integers(1, 7200),
    st.integers(1, 90_000),
    st.integers(1, 60),
    st.integers(0, 2**32),
)
def test_windows_tile_a_range_whatever_is_too_much(
    most: int, length: int, longest: int, seed: int
) -> None:
    """What is longer than `longest` fails, and some others at random; each moment comes once."""
    start, chance = datetime(2026, 1, 1), Random(seed)  # as many draws as it takes
    end, at, tries = start + timedelta(seconds=length), start, 0
    pace = WindowSize.of(timedelta(seconds=most))
    taken: list[Window] = []
    while at < end:
        tries += 1
        assert tries < 50 * (length + 10), "it ends"
        window = pace.window(at, end)
        assert w.LEAST <= window.length <= timedelta(seconds=most)
        slow = window.length > timedelta(seconds=longest) or chance.random() < 0.2
        shorter = pace.shorter(window, 1, waits=2) if slow else None
        if shorter is not None:
            assert shorter.now < window.length
            pace = shorter
            continue
        taken.append(window)
        pace, at = pace.longer(window, 1, 1000), window.end
    starts, ends = [window.start for window in taken], [window.end for window in taken]
    assert [*starts, end] == [start, *ends]


def test_a_window_is_halved_down_to_a_second_and_no_further() -> None:
    start = datetime(2026, 1, 1)
    pace, lengths = WindowSize.of(timedelta(minutes=5)), []
    while pace is not None:
        window = pace.window(start, start + HOUR)
        lengths.append(window.length.seconds)
        pace = pace.shorter(window)  # type: ignore[assignment]
    assert lengths == [300, 150, 75, 37, 18, 9, 4, 2, 1]


def test_a_window_grows_back_only_where_twice_as_many_rows_fit() -> None:
    start = datetime(2026, 1, 1)
    pace = WindowSize(timedelta(minutes=5), MINUTE)
    done = pace.window(start, start + HOUR)
    assert pace.longer(done, 499, 1000).now == 2 * MINUTE
    assert pace.longer(done, 500, 1000).now == MINUTE
    cut = Window(start, start + MINUTE / 2)
    assert pace.longer(cut, 499, 1000).now == MINUTE, "half a window with as many rows is as full"
    waiting = pace.shorter(done, waits=2)
    assert waiting is not None
    assert [waiting.now, waiting.longer(done, 0, 1000).now] == [MINUTE / 2, MINUTE / 2]


@given(st.integers(1, 10**9), st.integers(1, 10**6))
def test_so_many_halvings_make_even_rows_fit(rows: int, cap: int) -> None:
    times = w.halvings(rows, cap)
    assert rows >> times <= cap or times == 32
    assert times == 1 or rows >> (times - 1) > cap


def passes(first: list[int], second: list[int]) -> list[tuple[int, datetime]]:
    """Seconds within the hour of each row, with growing ids."""
    start = datetime(2026, 10, 25, 2)
    return [
        (100 + id, start + timedelta(seconds=second)) for id, second in enumerate(first + second)
    ]


@given(
    st.lists(st.integers(0, 3599), min_size=1, max_size=60),
    st.lists(st.integers(0, 3599), min_size=1, max_size=60),
)
def test_an_hour_that_came_twice_parts_where_the_clock_steps_back(
    first: list[int], second: list[int]
) -> None:
    first, second = sorted(first), sorted(second)
    found = w.first_passes(passes(first, second)[::-1])
    step = first[-1] - second[0]
    assert found == (100 + len(first) - 1 if step >= 60 else None)


def test_ids_a_little_out_of_order_do_not_part_the_hour_elsewhere() -> None:
    first, second = list(range(0, 3600, 20)), list(range(0, 3600, 20))
    first[40], first[41] = first[41], first[40]
    second[3], second[7] = second[7] - 30, second[3] + 30
    assert w.first_passes(passes(first, second)) == 100 + len(first) - 1
    assert w.first_passes([]) is None
    assert w.first_passes(passes([5], [])) is None
