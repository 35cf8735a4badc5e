"""What arrives: every entry once, whatever its order; a poll without news writes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from mtdata.demo.wire import Call, WireAnswer
from tests.system.home import STUDY, Home, row, wire


def test_rows_arrive_and_are_deleted_on_the_site(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1), row(2), row(3)])
    home.site.put("DASS21_AS", [row(4)])
    done = home.export()
    assert done["QOL"] == {
        "received": 3, "fresh": 3, "appended": 3, "held": 0, "deleted": 3, "owed": 0,
    }  # fmt: skip
    assert done["DASS21_AS"]["deleted"] == 1
    assert home.ids("QOL") == ["1", "2", "3"]
    assert home.raw_ids("QOL") == [1, 2, 3]
    assert home.site.ids("QOL") == home.site.ids("DASS21_AS") == []
    assert sorted(home.site.deletes) == [("DASS21_AS", 4), ("QOL", 1), ("QOL", 2), ("QOL", 3)]
    assert home.is_clean()


def test_without_delete_mode_nothing_is_deleted_and_what_is_owed_is_counted(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2)])
    for appended in (2, 0):
        done = home.export()["QOL"]
        assert (done["appended"], done["deleted"], done["owed"]) == (appended, 0, 2)
    assert home.asked("DELETE") == []
    assert home.status("QOL")["owed"] == 2


def test_a_poll_that_brings_nothing_new_changes_no_file_but_the_ledger(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.site.put("TaskLog", [row(3)], deleteable=False)
    home.export(STUDY, "all")
    before = home.digests()
    seen = {path: path.stat().st_mtime_ns for path in home.pool.rglob("*.*") if path.is_file()}
    for _ in range(3):
        done = home.export(STUDY, "all")
        assert (done["QOL"]["received"], done["QOL"]["fresh"]) == (2, 0)
        assert done["TaskLog"]["fresh"] == 0
    assert home.digests() == before
    after = {path: path.stat().st_mtime_ns for path in seen}
    assert {path.name for path in seen if seen[path] != after[path]} <= {
        ".lock", "ledger.sqlite3", "ledger.sqlite3-wal", "ledger.sqlite3-shm",
    }  # fmt: skip


def test_a_scale_with_size_0_is_not_asked_for(home: Home) -> None:
    home.site.offer("QOL")
    home.site.offer("Study", deleteable=False)
    home.site.put("BBSIQ", [row(1)])
    home.export(STUDY, "all")
    assert home.asked("GET") == ["", "/BBSIQ"]


def test_a_scale_whose_size_is_stale_is_taken_as_it_comes(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2), row(3)])
    home.site.fault("stale_size", scale="QOL", size=1)
    assert home.export()["QOL"]["appended"] == 3


def test_late_ids_below_the_benchmark_are_collected(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(10), row(12)])
    home.export()
    home.site.put("QOL", [row(11), row(3), row(13)])
    done = home.export()["QOL"]
    assert (done["appended"], done["deleted"]) == (3, 3)
    assert home.ids("QOL") == ["10", "12", "11", "3", "13"]
    assert home.site.ids("QOL") == []


def test_an_entry_that_stands_twice_in_a_package_is_one_row(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1), row(1), row(2), row(1)])
    done = home.export()["QOL"]
    assert (done["received"], done["fresh"], done["appended"]) == (4, 2, 2)
    assert home.ids("QOL") == ["1", "2"]
    assert home.raw_ids("QOL") == [1, 2]
    assert home.site.ids("QOL") == []
    assert home.is_clean()


def test_ids_may_be_numbers_or_texts(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row("7"), row(8), row("0000000012")])
    home.export()
    assert home.ids("QOL") == ["7", "8", "0000000012"]
    assert sorted(home.deletes()) == [7, 8, 12]
    assert json.loads((home.pool / "active_data/benchMark.json").read_text()) == {
        "QOL": {"current": 12, "deleteable": True}
    }


def test_a_row_that_comes_while_we_delete_is_left_for_the_next_round(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out = home.site._delete

    def delete(call: Call, scale: str, number: str) -> WireAnswer:
        if not home.deletes():
            home.site.put("QOL", [row(3)])
        return carry_out(call, scale, number)

    monkeypatch.setattr(home.site, "_delete", delete)
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1), row(2)])
    assert home.export()["QOL"]["deleted"] == 2
    assert home.site.ids("QOL") == [3]
    assert home.export()["QOL"]["deleted"] == 1
    assert home.ids("QOL") == ["1", "2", "3"]


def test_raw_files_are_json_objects_of_packages_with_the_bytes_as_sent(home: Home) -> None:
    sent = [
        b'{"id" : 1,  "note":"two  spaces \\u00e4 \xc3\xa4 \\/","n":1.50,"big":'
        b"123456789012345678901}",
        b'{"id":2,"nested":{"b":[1 , 2],"a":{}},"e":1E3}',
        wire(row(3, text='},{"id":9} [ ] \\" 🙂\r\n')),
    ]
    home.site.put("QOL", sent)
    home.now = datetime(2026, 3, 9, 14, 3, 4, tzinfo=UTC)
    home.export()
    home.site.put("QOL", [row(4)])
    home.export()
    [path] = home.paths("raw_data", "QOL")
    assert path.name == "QOL_Mar_09_2026.json"
    content = path.read_bytes()
    assert list(json.loads(content)) == ["QOL_14_08_04", "QOL_14_13_04"]
    assert all(content.count(entry) == 1 for entry in sent)
    assert home.raw_ids("QOL") == [1, 2, 3, 4]


def test_packages_of_one_second_have_keys_of_their_own(home: Home) -> None:
    moment = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
    for number in (1, 2, 3):
        home.now = moment
        home.site.put("QOL", [row(number)])
        home.export()
    keys = home.packages("QOL")
    assert list(keys) == ["QOL_14_05_00", "QOL_14_05_00_2", "QOL_14_05_00_3"]
    assert [[entry["id"] for entry in entries] for entries in keys.values()] == [[1], [2], [3]]


def test_folders_and_files_are_for_their_owner_alone(home: Home) -> None:
    home.site.put("QOL", [row(1), b'{"id":2,"bad"}'])
    home.site.put("TaskLog", [row(3)], deleteable=False)
    home.export(STUDY, "all", code=1)
    everything = [home.pool, *home.pool.rglob("*")]
    folders = {oct(path.stat().st_mode & 0o777) for path in everything if path.is_dir()}
    files = {oct(path.stat().st_mode & 0o777) for path in everything if path.is_file()}
    assert (folders, files) == ({"0o700"}, {"0o600"})


def test_a_package_of_many_entries_comes_whole(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(number, text="x" * 400) for number in range(1, 3001)])
    done = home.export()["QOL"]
    assert (done["received"], done["appended"], done["deleted"]) == (3000, 3000, 3000)
    assert home.ids("QOL") == [str(number) for number in range(1, 3001)]
    assert list((home.pool / "raw_data/.incoming").iterdir()) == []
    assert home.is_clean()
