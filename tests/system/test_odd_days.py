"""Days and clocks that are odd, scales that change their nature or share a beginning of a name."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.system.home import STUDY, Home, row


def names(home: Home, folder: str, scale: str) -> list[str]:
    return [path.name for path in home.paths(folder, scale)]


def test_a_scale_that_changes_its_nature_and_back_loses_and_doubles_nothing(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1), row(2)], deleteable=False)
    home.export(STUDY, "all")
    assert home.site.deletes == []
    home.site.offer("QOL", deleteable=True)
    home.export(STUDY, "all")
    assert home.deletes() == [1, 2]
    home.site.put("QOL", [row(3)], deleteable=False)
    home.export(STUDY, "all")
    home.site.put("QOL", [row(4)], deleteable=True)
    home.export(STUDY, "all")
    assert home.deletes() == [1, 2, 3, 4]
    assert names(home, "active_data", "QOL") == [
        "QOL_Mar_12_2026.csv",
        "QOL_Mar_12_2026_part2.csv",
        "QOL_Mar_12_2026_part3.csv",
        "QOL_Mar_12_2026_part4.csv",
    ]
    grown = [path.read_text() for path in home.paths("active_data", "QOL")[1::2]]
    assert [text.count("PRE") for text in grown] == [2, 2]
    assert home.troubles() == set()
    assert home.is_clean()


def test_a_clock_that_is_set_back_goes_on_with_the_files_of_that_day(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    home.now += timedelta(days=2)
    home.site.put("QOL", [row(2)])
    home.export()
    home.now -= timedelta(days=2, minutes=10)
    assert home.run("check").code == 1
    home.site.put("QOL", [row(3)])
    home.export()
    assert names(home, "active_data", "QOL") == ["QOL_Mar_12_2026.csv", "QOL_Mar_14_2026.csv"]
    assert home.ids("QOL") == ["1", "3", "2"]
    files = [json.loads(path.read_bytes()) for path in home.paths("raw_data", "QOL")]
    assert [list(one) for one in files] == [["QOL_12_05_00", "QOL_12_10_00"], ["QOL_12_10_00"]]
    assert home.is_clean()


def test_an_hour_that_comes_twice_gives_each_package_a_name_of_its_own(home: Home) -> None:
    home.configure(TIMEZONE="America/New_York")
    home.now = datetime(2026, 11, 1, 5, 25, tzinfo=UTC)  # 01:30 for the first time
    home.site.put("QOL", [row(1)])
    home.export()
    home.now += timedelta(minutes=55)
    home.site.put("QOL", [row(2)])
    home.export()
    assert list(home.packages("QOL")) == ["QOL_01_30_00", "QOL_01_30_00_2"]
    assert names(home, "raw_data", "QOL") == ["QOL_Nov_01_2026.json"]
    assert home.is_clean()


def test_a_day_without_an_hour_begins_and_ends_at_the_zones_own_midnight(home: Home) -> None:
    home.configure(TIMEZONE="America/New_York")
    home.now = datetime(2026, 3, 8, 4, 50, tzinfo=UTC)  # the 7th, 23:55 after the step
    for number in range(1, 4):
        home.site.put("QOL", [row(number)])
        home.export()
    assert names(home, "raw_data", "QOL") == ["QOL_Mar_07_2026.json", "QOL_Mar_08_2026.json"]
    assert [json.loads(p.read_bytes()) for p in home.paths("raw_data", "QOL")][1].keys() == {
        "QOL_00_00_00", "QOL_00_05_00",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("%Y-%m-%d", "QOL_2026-03-12.csv"),
        ("%d. %B %Y", "QOL_12. March 2026.csv"),
        ("%A %j %y é", "QOL_Thursday 071 26 é.csv"),
        ("%d%m%y", "QOL_120326.csv"),
    ],
)
def test_days_in_names_are_worded_as_the_config_says(home: Home, pattern: str, name: str) -> None:
    home.configure(DATE_FORMAT=pattern, TIME_FORMAT="%I.%M %p")
    home.site.put("QOL", [row(1)])
    home.export()
    assert names(home, "active_data", "QOL") == [name]
    assert list(home.packages("QOL")) == ["QOL_12.05 PM"]
    assert home.is_clean()


@pytest.mark.parametrize("pattern", ["%d/%m/%Y", "%d-%m", "%H %d %m %Y", "../%Y%m%d", "%Y%m%d\n"])
def test_days_that_are_no_safe_names_are_refused(home: Home, pattern: str) -> None:
    home.configure(DATE_FORMAT=pattern)
    ended = home.run("export")
    assert ended.code == 78
    assert "DATE_FORMAT" in ended.shown["error"]["message"]
    assert home.site.requests == []


def test_scales_whose_names_begin_alike_keep_to_their_own_files(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    for number, name in enumerate(("A", "A_Mar", "A_Mar_12_2026", "A_Mar_12_2026_part2"), 1):
        home.site.put(name, [row(number)])
    home.export()
    found = {p.name: p.read_text() for p in home.paths("active_data", "A")}
    assert {name: text.splitlines()[1].split(",")[1] for name, text in found.items()} == {
        "A_Mar_12_2026.csv": "1",
        "A_Mar_Mar_12_2026.csv": "2",
        "A_Mar_12_2026_Mar_12_2026.csv": "3",
        "A_Mar_12_2026_part2_Mar_12_2026.csv": "4",
    }
    assert home.is_clean()


def test_files_are_the_owners_alone_whatever_the_umask(home: Home) -> None:
    home.site.put("QOL", [row(1), b'{"id":2,"oops"}'])
    home.site.put("TaskLog", [row(1)], deleteable=False)
    before = os.umask(0)
    try:
        home.run("export", STUDY, "all")
        home.run("decode", STUDY)
    finally:
        os.umask(before)
    found = [home.pool, *home.pool.rglob("*")]
    assert len(found) > 10
    assert [p for p in found if stat.S_IMODE(p.stat().st_mode) & 0o077] == []


@pytest.mark.parametrize("how", ["relative", "linked"])
def test_the_pool_is_where_its_path_leads(home: Home, how: str) -> None:
    target = home.folder / "elsewhere"
    target.mkdir(0o700)
    place = Path("down/../elsewhere") if how == "relative" else home.folder / "link"
    if how == "linked":
        place.symlink_to(target)
    home.configure(PATH=str(place))
    home.site.put("QOL", [row(1)])
    home.export()
    assert (target / "active_data" / "QOL_Mar_12_2026.csv").is_file()


def test_an_idle_poll_of_many_empty_scales_is_one_request_and_after_is_never_used(
    home: Home,
) -> None:
    for number in range(25):
        home.site.offer(f"Scale{number}", deleteable=True)
    home.export()
    assert len(home.site.requests) == 1
    home.site.put("Scale7", [row(1)])
    home.export(STUDY, "all")
    home.export(STUDY, "all")
    assert {one.query for one in home.site.requests} == {""}


def test_an_account_that_may_read_and_not_delete_leaves_all_owed(home: Home) -> None:
    home.site.put("QOL", [row(number) for number in range(1, 60)])
    home.export()
    home.configure(DELETE_MODE=True, DELETE_CONNECTIONS=1)
    home.site.fault("unauthorized", method="DELETE")
    done = home.export(code=1)["QOL"]
    assert (done["deleted"], done["owed"]) == (0, 59)
    assert "401" in home.detail("delete_failed")
    home.site.heal()
    home.export()
    assert home.site.ids("QOL") == []
    assert home.troubles() == set()
