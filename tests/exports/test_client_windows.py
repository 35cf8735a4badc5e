"""Windows that a client asks for: every row once; too many are told before they are read."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from mtdata.cake.window import Window
from mtdata.core.errors import WindowTooLarge
from mtdata.demo.cake.site import CakeSite
from tests.cake_account import BERLIN
from tests.exports.conftest import NOON, Connect, clicks, itself, rows_of

DAY = Window(datetime(2023, 5, 2), datetime(2023, 5, 3))


@pytest.mark.parametrize("dialect", ["xml", "json"])
@pytest.mark.parametrize("page", [1, 7, 40, 10_000])
def test_every_click_of_a_window_comes_once(
    site: CakeSite, connect: Connect, dialect: str, page: int
) -> None:
    window = NOON if page > 1 else Window(NOON.start, NOON.start + timedelta(seconds=20))
    found = clicks(connect(dialect=dialect, server_timezone=BERLIN, page=page), window)
    assert found == site.clicks_of(*window)
    assert len(found) > 5


@pytest.mark.parametrize("dialect", ["xml", "json"])
def test_dates_are_the_instance_s_whatever_the_server_s_zone(
    connect: Connect, dialect: str, tmp_path: object
) -> None:
    far = ZoneInfo("America/Los_Angeles")
    with CakeSite(clicks_a_day=24_000, server_zone="America/Los_Angeles") as site:
        access = {"server": f"http://{site.domain}", "dialect": dialect, "server_timezone": far}
        assert clicks(connect(**access)) == site.clicks_of(*NOON)


@pytest.mark.parametrize("version", [15, 16, 17, 18])
@pytest.mark.parametrize("dialect", ["xml", "json"])
def test_every_event_of_a_window_comes_once(
    site: CakeSite, connect: Connect, version: int, dialect: str
) -> None:
    client = connect(conversions_version=version, page=30, dialect=dialect, server_timezone=BERLIN)
    window = Window(DAY.start, DAY.start + timedelta(hours=8))
    found = rows_of(client.conversions(window, itself))
    assert found == site.events_of(*window)
    assert "click_date" not in next(row for row in found if row["source_type"] != "Click")


@pytest.mark.parametrize("version", [11, 12])
def test_tests_and_duplicates_come_only_where_they_are_wanted(
    site: CakeSite, connect: Connect, version: int
) -> None:
    hour = Window(NOON.start, NOON.start + timedelta(hours=1))
    all_of_them = connect(clicks_version=version, include_tests=True, include_duplicates=True)
    found = clicks(all_of_them, hour)
    assert found == site.clicks_of(*hour, "plain", "test", "duplicate")
    assert {row["duplicate"] for row in found} == {"true", "false"}
    events = rows_of(connect(include_tests=True).conversions(DAY, itself))
    assert {row["test"] for row in events} == {"true", "false"}


def test_an_empty_window_is_one_page_without_rows(connect: Connect) -> None:
    later = Window(datetime(2090, 1, 1), datetime(2090, 1, 1, 0, 5))
    (page,) = connect().clicks(later, itself)
    assert (page.start, page.rows, page.row_count) == (1, [], 0)


def test_the_repeated_hour_comes_twice_and_the_missing_one_never(
    site: CakeSite, connect: Connect
) -> None:
    twice = Window(datetime(2023, 10, 29, 2, 10), datetime(2023, 10, 29, 2, 15))
    found = clicks(connect(page=25), twice)
    assert found == site.clicks_of(*twice)
    ids = sorted(int(row["click_id"]) for row in found)
    assert max(after - before for before, after in pairwise(ids)) > 100, "of two real hours"
    never = Window(datetime(2023, 3, 26, 2), datetime(2023, 3, 26, 3))
    assert clicks(connect(), never) == []


def test_pages_are_asked_for_from_row_1_on(site: CakeSite, connect: Connect) -> None:
    clicks(connect(page=50))
    asked = [call.given for call in site.calls]
    assert [given["start_at_row"] for given in asked] == ["1", "51", "101"]
    assert {given["row_limit"] for given in asked} == {"50"}
    assert asked[0]["start_date"] == "2023-05-02T12:00:00"


# What is changed long after


def test_changes_are_what_is_new_and_what_was_changed(site: CakeSite, connect: Connect) -> None:
    old, new = Window(DAY.start, DAY.start + timedelta(hours=1)), DAY
    site.reports.now = lambda: datetime(2023, 5, 3, tzinfo=BERLIN)
    first = site.events_of(*old)[0]
    changed = int(first["event_conversion_id"])
    site.reports.change(changed, datetime(2023, 5, 2, 20), "Rejected", "0.0000")
    since = datetime(2023, 5, 2, 18)
    found = rows_of(connect(page=30).changes(since, itself))
    by_id = {int(row["event_conversion_id"]): row for row in found}
    assert by_id[changed]["last_updated"] == "2023-05-02T20:00:00"
    assert by_id[changed]["paid.amount"] == "0.0000"
    expected = {int(row["event_conversion_id"]) for row in site.events_of(since, new.end)}
    assert set(by_id) == expected | {changed}


def test_too_many_changes_are_told_before_they_are_paged(site: CakeSite, connect: Connect) -> None:
    site.reports.now = lambda: datetime(2023, 5, 3, tzinfo=BERLIN)
    with pytest.raises(WindowTooLarge) as caught:
        rows_of(connect(row_cap=50, page=20).changes(datetime(2023, 5, 1), itself))
    assert caught.value.rows is not None
    assert caught.value.rows > 50
    assert len(site.calls) == 1


# Counting


def test_a_window_with_more_rows_than_the_cap_is_told_at_once(
    site: CakeSite, connect: Connect
) -> None:
    count = len(site.clicks_of(*NOON))
    site.row_cap = 50
    for dialect in ("xml", "json"):
        with pytest.raises(WindowTooLarge, match=f"there are {count} rows") as caught:
            clicks(connect(row_cap=50, page=20, dialect=dialect, server_timezone=BERLIN))
        assert (caught.value.rows, caught.value.slow) == (count, False)
    assert len(site.calls) == 2


def test_a_cap_that_we_do_not_know_of_is_a_short_page(site: CakeSite, connect: Connect) -> None:
    site.row_cap = 50
    with pytest.raises(WindowTooLarge, match="from row 41 on 10 rows came instead of 20"):
        clicks(connect(page=20))


def test_a_row_count_that_lies_is_told_with_both_numbers(site: CakeSite, connect: Connect) -> None:
    count = len(site.clicks_of(*NOON))
    site.fault("lying", operation="Clicks", more=3)
    words = f"row_count says {count + 3}, and from row 1 on {count} rows came"
    with pytest.raises(WindowTooLarge, match=words):
        clicks(connect())
    assert len(site.calls) == 3, "it was read again before it was given up"


def test_a_row_count_that_lied_once_is_read_again(site: CakeSite, connect: Connect) -> None:
    site.fault("lying", operation="Clicks", times=1)
    assert clicks(connect(page=50)) == site.clicks_of(*NOON)


def test_clicks_that_arrive_while_we_page_begin_the_window_anew(
    site: CakeSite, connect: Connect
) -> None:
    client, seen = connect(page=50), []
    pages = client.clicks(NOON, itself)
    first = next(pages)
    site.reports.arrive(NOON.start, 3)
    for page in pages:
        seen.append(page.start)
        first = page if page.start == 1 else first
    assert seen == [1, 51, 101]
    assert first.row_count == len(site.clicks_of(*NOON))


def test_a_window_that_never_settles_is_given_up(site: CakeSite, connect: Connect) -> None:
    site.arriving = 1
    with pytest.raises(WindowTooLarge, match="row_count went from"):
        clicks(connect(page=50))
