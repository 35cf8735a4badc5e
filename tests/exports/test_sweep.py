"""A stretch of the clock, window by window: every row once, with as few calls as it takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from mtdata.cake.client.client import Client, ReportPage
from mtdata.cake.client.reading import Row
from mtdata.cake.sweep import probe, sweep, unshifted
from mtdata.cake.window import LEAST, Window, WindowSize, first_passes
from mtdata.core.errors import ExportError, WindowTooLarge
from mtdata.demo.cake.site import CakeSite
from tests.cake_account import BERLIN
from tests.exports.conftest import Connect, itself, without_types

HOUR = Window(datetime(2023, 5, 2, 12), datetime(2023, 5, 2, 13))
FIVE, ONE_HOUR = timedelta(minutes=5), timedelta(hours=1)


def swept(
    client: Client,
    stretch: Window,
    cap: int = 100_000,
    most: timedelta = FIVE,
    longest: timedelta = FIVE,
) -> tuple[list[Row], list[Window]]:
    """The rows as whoever keeps them would have them, and the windows that were whole."""
    whole: list[Row] = []
    open_: list[Row] = []
    windows: list[Window] = []
    for step in sweep(
        stretch, WindowSize.of(most, longest), lambda w: client.clicks(w, itself), cap
    ):
        if step.page is None:
            windows.append(step.window)
            whole, open_ = whole + open_, []
        elif step.page.start == 1:
            open_ = list(step.page.rows)
        else:
            open_ += step.page.rows
    assert not open_
    return whole, windows


def in_order(rows: list[Row]) -> list[int]:
    return sorted(int(row["click_id"]) for row in rows)


def test_a_quiet_hour_takes_one_call_a_window(site: CakeSite, connect: Connect) -> None:
    rows, windows = swept(connect(), HOUR)
    assert in_order(rows) == in_order(site.clicks_of(*HOUR))
    assert len(windows) == len(site.calls) == 12


def test_windows_of_few_rows_grow_as_long_as_they_may(site: CakeSite, connect: Connect) -> None:
    stretch = Window(HOUR.start, HOUR.start + 4 * ONE_HOUR)
    rows, windows = swept(connect(), stretch, longest=ONE_HOUR)
    assert in_order(rows) == in_order(site.clicks_of(*stretch))
    minutes = [window.length // timedelta(minutes=1) for window in windows]
    assert minutes == [5, 10, 20, 40, 60, 60, 45]


def test_what_is_too_slow_when_it_has_grown_is_never_tried_again(
    site: CakeSite, connect: Connect
) -> None:
    client = connect()
    client.currencies()
    site.slow_above = 400
    rows, windows = swept(client, HOUR, longest=ONE_HOUR)
    assert in_order(rows) == in_order(site.clicks_of(*HOUR))
    assert [call.status for call in site.calls].count(500) == 1
    assert {window.length for window in windows[2:]} == {FIVE}


def test_a_dense_hour_takes_few_calls_more_than_it_must(site: CakeSite, connect: Connect) -> None:
    """1,440 rows in windows of at most 100: 15 calls at the least."""
    site.row_cap = 100
    rows, windows = swept(connect(row_cap=100), HOUR, cap=100)
    assert in_order(rows) == in_order(site.clicks_of(*HOUR))
    assert len(site.calls) <= 1.3 * len(windows)
    assert len({window.start for window in windows}) == len(windows)


def test_what_is_too_slow_is_asked_for_in_halves(site: CakeSite, connect: Connect) -> None:
    client = connect()
    client.currencies()
    site.slow_above = 70
    rows, windows = swept(client, HOUR)
    assert in_order(rows) == in_order(site.clicks_of(*HOUR))
    slow = [call for call in site.calls if call.status == 500]
    assert len(slow) <= 0.3 * len(windows) + 1


def test_a_hang_now_and_then_costs_a_halving(site: CakeSite, connect: Connect) -> None:
    client = connect(timeout_s=1.5)
    client._answered = True
    site.fault("hang", operation="Clicks", every=7)
    assert in_order(swept(client, HOUR)[0]) == in_order(site.clicks_of(*HOUR))


def test_a_second_that_hangs_is_asked_for_again(site: CakeSite, connect: Connect) -> None:
    client, second = connect(timeout_s=1.5), Window(HOUR.start, HOUR.start + LEAST)
    client._answered = True
    site.fault("hang", operation="Clicks", times=2)
    assert in_order(swept(client, second)[0]) == in_order(site.clicks_of(*second))
    site.fault("hang", operation="Clicks", times=3)
    with pytest.raises(ExportError, match="a second cannot be halved"):
        swept(client, second)


def test_a_page_that_fails_begins_a_shorter_window_with_nothing_kept(
    site: CakeSite, connect: Connect
) -> None:
    client = connect(page=40, timeout_s=1.5)
    client._answered = True
    site.fault("hang", operation="Clicks", every=4)
    rows, _ = swept(client, Window(HOUR.start, HOUR.start + 2 * FIVE))
    assert in_order(rows) == in_order(site.clicks_of(HOUR.start, HOUR.start + 2 * FIVE))


def test_a_second_that_is_still_too_much_is_told_with_both_numbers(
    site: CakeSite, connect: Connect
) -> None:
    site.row_cap = 3
    site.reports.arrive(HOUR.start, 5)
    with pytest.raises(ExportError, match=r"there are \d+ rows, .* a second cannot be halved"):
        swept(connect(row_cap=3, page=3), HOUR, cap=3)


def test_a_row_count_that_stays_wrong_ends_with_both_numbers(
    site: CakeSite, connect: Connect
) -> None:
    site.fault("lying", operation="Clicks", more=2)
    words = r"row_count says \d+, and from row 1 on \d+ rows came .* a second cannot be halved"
    with pytest.raises(ExportError, match=words) as caught:
        swept(connect(), HOUR)
    assert not isinstance(caught.value, WindowTooLarge)


def test_windows_grow_back_behind_a_dense_part(connect: Connect) -> None:
    with CakeSite(clicks_a_day=24_000) as site:
        for second in range(50):
            site.reports.arrive(HOUR.start + FIVE + timedelta(seconds=second), 10)
        rows, windows = swept(connect(server=f"http://{site.domain}", row_cap=400), HOUR, cap=400)
        expected = site.clicks_of(*HOUR)
    assert in_order(rows) == in_order(expected)
    assert max(window.length for window in windows[-3:]) == FIVE


def test_a_sweep_goes_on_where_it_was_cut_off(site: CakeSite, connect: Connect) -> None:
    site.row_cap = 100
    client = connect(row_cap=100)

    def ask(window: Window) -> Iterator[ReportPage[Row]]:
        return client.clicks(window, itself)

    steps = [step for step in sweep(HOUR, WindowSize.of(FIVE), ask, 100) if step.page is None]
    for cut in (0, len(steps) // 2, len(steps) - 1):
        at, pace = steps[cut].window.end, steps[cut].size
        rest = sweep(Window(at, HOUR.end), pace, ask, 100)
        windows = [step.window for step in rest if step.page is None]
        assert windows == [step.window for step in steps[cut + 1 :]]
    assert WindowSize(*steps[0].size) == steps[0].size, "it is made of what a checkpoint holds"
    assert steps[0].size.now >= LEAST


def test_the_hour_that_comes_twice_parts_by_the_ids(site: CakeSite, connect: Connect) -> None:
    twice = Window(datetime(2023, 10, 29, 2), datetime(2023, 10, 29, 3))
    rows, _ = swept(connect(), twice)
    stamps = [(int(row["click_id"]), datetime.fromisoformat(row["click_date"])) for row in rows]
    last = first_passes(stamps)
    assert last is not None
    stream = site.reports.clicks["plain"]
    hours = {(id - stream.base) // stream._stride for id, _ in stamps}
    assert len(hours) == 2
    assert {(id - stream.base) // stream._stride for id, _ in stamps if id <= last} == {min(hours)}


def test_a_row_in_an_hour_that_never_was_tells_of_a_wrong_zone(connect: Connect) -> None:
    never = Window(datetime(2023, 3, 26, 2), datetime(2023, 3, 26, 3))
    with CakeSite(zone="America/New_York", clicks_a_day=5_000) as elsewhere:
        client = connect(server=f"http://{elsewhere.domain}")
        with pytest.raises(ExportError, match="see TIMEZONE"):
            probe(never, lambda window: client.clicks(window, itself))
    with CakeSite(clicks_a_day=5_000) as right:
        client = connect(server=f"http://{right.domain}")
        probe(never, lambda window: client.clicks(window, itself))


@pytest.mark.parametrize("dialect", ["xml", "json"])
def test_hours_in_which_calls_fail_give_the_rows_of_undisturbed_ones(
    site: CakeSite, connect: Connect, dialect: str
) -> None:
    client = connect(timeout_s=1.5, dialect=dialect, server_timezone=BERLIN, page=50, row_cap=100)
    client._answered = True
    site.row_cap = 100
    stretch = Window(HOUR.start, HOUR.start + timedelta(minutes=100))
    for kind, every, detail in (
        ("throttled", 17, {"retry_after": "0"}),
        ("gateway", 19, {}),
        ("truncated", 23, {"chunked": True}),
        ("drop", 29, {}),
        ("stall", 31, {"pieces": 1}),
        ("lying", 37, {}),
        ("html", 41, {}),
    ):
        site.fault(kind, operation="Clicks", every=every, **detail)
    rows, _ = swept(client, stretch, cap=100)
    expected = sorted(site.clicks_of(*stretch), key=lambda row: row["click_id"])
    assert sorted(map(without_types, rows), key=lambda row: row["click_id"]) == expected
    assert {call.status for call in site.calls} >= {0, 200, 429, 502}


def test_rows_that_come_on_two_pages_are_told_unless_the_list_grew_by_as_many() -> None:
    def pages(*of: tuple[int, list[int], int]) -> list[ReportPage[int]]:
        return list(unshifted([ReportPage(*one) for one in of], "it", int))

    shifted = [(1, [9, 8], 4), (3, [8, 7], 4)]
    with pytest.raises(WindowTooLarge, match="of 4 rows 1 came on two pages"):
        pages(*shifted)
    assert len(pages(shifted[0], (3, [8, 7], 5), (5, [6], 5))) == 3, "it grew by one"
    assert len(pages(shifted[0], (1, [9, 8], 4), (3, [7, 6], 4))) == 3, "it was begun anew"
    assert len(pages((1, [9, 9], 4), (3, [7, 7], 4))) == 2, "twice on one page is the instance's"
