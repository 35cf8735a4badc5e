"""Scales that must stay: whole snapshots, one sheet a day, never a delete."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from mtdata.study.model.package import BATCH_ENTRIES
from tests.system.conftest import KeyPair
from tests.system.home import STUDY, Home, row, wire


def staying(home: Home, *rows: object, name: str = "TaskLog") -> None:
    home.site.offer(name, deleteable=False)
    home.site.clear(name)
    home.site.put(name, rows)


def test_a_scale_that_must_stay_is_kept_whole_and_never_deleted(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    staying(home, row(3), row(1), row(2))
    done = home.export(STUDY, "static")
    assert done["TaskLog"] == {
        "received": 3, "fresh": 3, "appended": 3, "held": 0, "deleted": 0, "owed": 0,
    }  # fmt: skip
    assert home.ids("TaskLog") == ["3", "1", "2"]
    home.export(STUDY, "all")
    assert home.asked("DELETE") == []
    assert home.is_clean()


def test_a_round_for_the_deleteable_ones_leaves_scales_that_must_stay_alone(home: Home) -> None:
    staying(home, row(1))
    home.site.put("QOL", [row(2)])
    assert set(home.export(STUDY, ".")) == {"QOL"}
    assert set(home.export(STUDY, "static")) == {"TaskLog"}
    assert set(home.export(STUDY, "all")) == {"QOL", "TaskLog"}
    assert set(home.export(STUDY, "tasklog")) == {"TaskLog"}


def test_a_table_that_changed_is_stored_whole_again_and_its_sheet_of_the_day_replaced(
    home: Home,
) -> None:
    staying(home, row(1), row(2))
    home.export(STUDY, "static")
    staying(home, row(1, answer=9), row(3))
    home.export(STUDY, "static")
    assert [[one["id"] for one in rows] for rows in home.packages("TaskLog").values()] == [
        [1, 2], [1, 3],
    ]  # fmt: skip
    assert [(line["id"], line["answer"]) for line in home.sheet("TaskLog")] == [
        ("1", "9"), ("3", "3"),
    ]  # fmt: skip
    assert len(home.paths("active_data", "TaskLog")) == 1
    assert home.is_clean()


def test_a_table_that_did_not_change_writes_nothing(home: Home) -> None:
    staying(home, row(1), row(2))
    home.export(STUDY, "static")
    before = home.digests()
    for _ in range(2):
        home.now += timedelta(days=1)
        assert home.export(STUDY, "static")["TaskLog"]["fresh"] == 0
    assert home.digests() == before


def test_each_day_on_which_the_table_changed_has_a_sheet_of_its_own(home: Home) -> None:
    staying(home, row(1))
    home.export(STUDY, "static")
    home.now += timedelta(days=1)
    staying(home, row(1), row(2))
    home.export(STUDY, "static")
    names = [path.name for path in home.paths("active_data", "TaskLog")]
    assert names == ["TaskLog_Mar_12_2026.csv", "TaskLog_Mar_13_2026.csv"]
    assert home.ids("TaskLog") == ["1", "1", "2"]
    assert home.is_clean()


def test_a_table_that_lost_rows_or_fields_is_kept_as_it_is_now(home: Home) -> None:
    staying(home, row(1, old="x"), row(2))
    home.export(STUDY, "static")
    staying(home, row(2, new=[1, {"a": None}]))
    home.export(STUDY, "static")
    [line] = home.sheet("TaskLog")
    assert (line["id"], line["new"], "old" in line) == ("2", '[1,{"a":null}]', False)
    assert home.raw_ids("TaskLog") == [1, 2, 2]


def test_a_table_that_is_empty_now_is_not_asked_for_and_the_last_one_stays(home: Home) -> None:
    staying(home, row(1))
    home.export(STUDY, "static")
    home.site.clear("TaskLog")
    home.export(STUDY, "static")
    assert home.ids("TaskLog") == ["1"]
    assert home.asked("GET") == ["", "/TaskLog", ""]


def test_malformed_entries_of_a_table_are_held_and_the_others_have_rows(home: Home) -> None:
    staying(home, row(1), b'{"id":2,"oops"}', row("x"), row(4))
    done = home.export(STUDY, "static", code=1)["TaskLog"]
    assert (done["appended"], done["held"]) == (2, 2)
    assert home.ids("TaskLog") == ["1", "4"]
    assert ("entry_malformed", "TaskLog") in home.troubles()
    staying(home, row(1), row(4))
    home.export(STUDY, "static")
    assert home.troubles() == set()
    assert home.held() == []


def test_sealed_fields_of_a_table_are_opened_once_the_right_key_is_there(
    home: Home, key: KeyPair, other_key: KeyPair
) -> None:
    home.put_key(other_key.pem)
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem")
    staying(home, row(1, emailRSA=key.seal("a@b.c")), row(2, emailRSA=None))
    done = home.export(STUDY, "static", code=1)["TaskLog"]
    assert (done["appended"], done["held"]) == (1, 1)
    home.put_key(key.pem)
    home.export(STUDY, "static")
    assert [line["emailRSA"] for line in home.sheet("TaskLog")] == ["a@b.c", ""]
    assert home.held() == []
    assert home.is_clean()


def test_the_raw_file_of_a_table_is_one_valid_object(home: Home) -> None:
    for number in range(1, 4):
        staying(home, *(row(one) for one in range(number)))
        home.export(STUDY, "static")
    [path] = home.paths("raw_data", "TaskLog")
    assert [len(rows) for rows in json.loads(path.read_bytes()).values()] == [1, 2, 3]


def test_a_sheet_of_a_table_that_a_person_edited_is_never_replaced(home: Home) -> None:
    staying(home, row(1))
    home.export(STUDY, "static")
    [path] = home.paths("active_data", "TaskLog")
    mine = path.read_bytes() + b"my note\r\n"
    path.write_bytes(mine)
    staying(home, row(1), row(2))
    home.export(STUDY, "static", code=74)
    assert path.read_bytes() == mine
    assert [one.name for one in home.paths("active_data", "TaskLog")] == [
        "TaskLog_Mar_12_2026.csv", "TaskLog_Mar_12_2026_part2.csv",
    ]  # fmt: skip
    assert ("sheet_changed", "TaskLog") in home.troubles()
    home.run("verify", STUDY)
    assert path.read_bytes() == mine
    assert home.is_clean()


def test_a_table_that_turns_out_to_be_empty_leaves_the_last_one_as_it_is(home: Home) -> None:
    home.site.offer("TaskLog", deleteable=False)
    home.site.fault("stale_size", scale="TaskLog", size=3)
    assert home.export(STUDY, "static")["TaskLog"]["received"] == 0
    staying(home, row(1))
    home.export(STUDY, "static")
    home.site.clear("TaskLog")
    home.export(STUDY, "static")
    assert home.ids("TaskLog") == ["1"]
    assert home.is_clean()


def test_a_whole_batch_that_is_no_json_leaves_the_raw_file_readable(home: Home) -> None:
    bad = [b'{"id":%d,"oops"}' % number for number in range(1, BATCH_ENTRIES + 1)]
    staying(home, *bad, row(5000))
    done = home.export(STUDY, "static", code=1)["TaskLog"]
    assert (done["appended"], done["held"]) == (1, BATCH_ENTRIES)
    assert home.raw_ids("TaskLog") == [5000]
    staying(home, *bad)
    done = home.export(STUDY, "static", code=1)["TaskLog"]
    assert (done["appended"], done["held"]) == (0, BATCH_ENTRIES)
    assert home.is_clean()


@pytest.mark.parametrize("how", ["removed", "garbled"])
def test_a_table_whose_raw_file_is_damaged_does_not_end_the_rounds_of_the_others(
    home: Home, how: str
) -> None:
    staying(home, row(1), row(2))
    home.export(STUDY, "static")
    [raw], [sheet] = home.paths("raw_data", "TaskLog"), home.paths("active_data", "TaskLog")
    sheet.unlink()
    raw.unlink() if how == "removed" else raw.write_bytes(raw.read_bytes().replace(b"}", b"]"))
    assert home.run("verify", STUDY).code == 74
    home.site.put("QOL", [row(1)])
    home.export(code=74)
    assert home.ids("QOL") == ["1"]
    home.run("export", STUDY, "static")
    assert home.ids("TaskLog") == ["1", "2"]
    assert home.run("verify", STUDY).code == 0


def test_a_table_that_waits_for_a_key_and_lost_its_raw_file_is_told_of_and_stored_anew(
    home: Home, key: KeyPair
) -> None:
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem")
    staying(home, row(1, emailRSA=key.seal("a@b.c")))
    home.export(STUDY, "static", code=1)
    home.paths("raw_data", "TaskLog")[0].unlink()
    home.put_key(key.pem)
    home.site.put("QOL", [row(1)])
    home.export(code=74)
    assert home.ids("QOL") == ["1"]
    assert "stores the table anew" in home.detail("raw_changed")
    home.run("export", STUDY, "static")
    assert [line["emailRSA"] for line in home.sheet("TaskLog")] == ["a@b.c"]


@pytest.mark.parametrize("places", [(0,), (1,), (2,), (0, 1), (0, 1, 2), (0, 2)])
def test_a_whole_batch_that_is_no_json_leaves_a_raw_file_that_is(
    home: Home, places: tuple[int, ...]
) -> None:
    batches = [[row(n * 2000 + i) for i in range(1024)] for n in range(3)]
    bad = [[b'{"id":%d,x}' % (n * 2000 + i) for i in range(1024)] for n in range(3)]
    sent = [bad[n] if n in places else batches[n] for n in range(3)]
    home.site.put("TaskLog", [one for batch in sent for one in batch], deleteable=False)
    home.export(STUDY, "all", code=1)
    good = 1024 * (3 - len(places))
    assert [len(entries) for entries in home.packages("TaskLog").values()] == [good]
    assert len(home.sheet("TaskLog")) == good
    assert home.is_clean()


def test_a_field_whose_name_is_no_unicode_takes_no_other_row_of_the_table_along(
    home: Home,
) -> None:
    bad = b'{"id":2,"\\ud83d":1}'
    home.site.put("TaskLog", [row(1), bad, row(3)], deleteable=False)
    home.export(STUDY, "all", code=1)
    assert home.ids("TaskLog") == ["1", "3"]
    assert home.is_clean()
    (home.pool / "ledger.sqlite3").unlink()
    assert home.run("decode", STUDY, "all").code == 0


def test_a_sheet_that_is_made_again_shows_the_snapshot_that_it_was_made_of(home: Home) -> None:
    staying(home, row(3), row(1))
    home.site.put("QOL", [row(number) for number in range(1, 4)])
    home.export(STUDY, "all")
    staying(home, row(1), row(4))  # the raw file of the day holds both
    home.export(STUDY, "all")
    assert home.run("decode", STUDY, "all").code == 0
    for scale in ("TaskLog", "QOL"):
        [made], [active] = home.paths("recovered_data", scale), home.paths("active_data", scale)
        assert made.read_bytes() == active.read_bytes()


def test_a_long_table_that_breaks_off_leaves_the_raw_file_as_it_was(home: Home) -> None:
    rows = [row(number) for number in range(3000)]
    home.site.put("TaskLog", rows[:5], deleteable=False)
    home.export(STUDY, "all")
    [raw] = home.paths("raw_data", "TaskLog")
    before = raw.read_bytes()
    home.site.put("TaskLog", rows[5:])
    body = b"[" + b",".join(map(wire, rows)) + b',{"id":9,"a":"open}]'
    home.site.fault("garbled", scale="TaskLog", bytes=body)
    home.export(STUDY, "all", code=69)
    assert raw.read_bytes() == before
    home.site.heal()
    home.export(STUDY, "all")
    assert len({line["id"] for line in home.sheet("TaskLog")}) == 3000
    assert home.troubles() == set()
    assert home.is_clean()
