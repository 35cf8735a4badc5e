"""Same id, other content; ids begun anew; entries that vanish: a person decides."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.system.home import STUDY, Home, row


@pytest.fixture
def home(home: Home) -> Home:
    """A study whose rows are deleted once they are safe."""
    home.configure(DELETE_MODE=True)
    return home


def changed_on_the_site(home: Home) -> None:
    home.configure(DELETE_MODE=False)
    home.site.put("QOL", [row(1, answer=1), row(2)])
    home.export()
    home.site.replace("QOL", 1, row(1, answer=2))
    home.configure(DELETE_MODE=True)
    home.export(code=1)


def test_both_versions_of_an_id_are_kept_and_none_is_deleted(home: Home) -> None:
    changed_on_the_site(home)
    assert [e["answer"] for p in home.packages("QOL").values() for e in p if e["id"] == 1] == [1, 2]
    assert [line["answer"] for line in home.sheet("QOL") if line["id"] == "1"] == ["1"]
    assert home.held() == [("QOL", 1, "conflict")]
    assert ("entry_conflict", "QOL") in home.troubles()
    home.export()
    assert 1 not in home.deletes()
    assert 1 in home.site.ids("QOL")


def test_a_released_version_becomes_a_row_and_is_deleted(home: Home) -> None:
    changed_on_the_site(home)
    released = home.run("held", STUDY, "--release", "QOL", "1")
    assert released.shown["sites"][STUDY] == {"held": [], "released": 1}
    assert [line["answer"] for line in home.sheet("QOL") if line["id"] == "1"] == ["1"]
    home.export()
    assert [line["answer"] for line in home.sheet("QOL") if line["id"] == "1"] == ["1", "2"]
    assert 1 in home.deletes()
    assert home.site.ids("QOL") == []
    assert ("entry_conflict", "QOL") not in home.troubles()
    assert home.is_clean()


def test_a_changed_entry_is_no_entry_that_vanished(home: Home) -> None:
    changed_on_the_site(home)
    assert ("listing_shrank", "QOL") not in home.troubles()


def test_two_versions_in_one_package_are_both_kept(home: Home) -> None:
    home.site.put("QOL", [row(1, answer=1), row(2), row(1, answer=2)])
    done = home.export(code=1)["QOL"]
    assert (done["fresh"], done["appended"], done["held"]) == (3, 2, 1)
    assert home.deletes() == [2]
    home.run("held", STUDY, "--release", "QOL", "all")
    home.export()
    assert home.ids("QOL") == ["1", "2", "1"]
    assert home.site.ids("QOL") == []


@pytest.mark.parametrize("folder", ["active_data", "raw_data"])
def test_an_id_is_not_deleted_while_one_of_its_versions_is_not_proven(
    home: Home, folder: str
) -> None:
    home.configure(DELETE_MODE=False)
    home.site.put("QOL", [row(1, answer=1), row(2), row(1, answer=222)])
    home.export(code=1)
    home.run("held", STUDY, "--release", "QOL", "all")
    home.export()
    [path] = home.paths(folder, "QOL")
    path.write_bytes(path.read_bytes().replace(b"222", b"333"))
    home.configure(DELETE_MODE=True)
    home.export(code=74)
    assert home.deletes() == []
    for command in ("verify", "export", "export", "verify", "export", "export"):
        home.run(command, STUDY)
    assert home.site.ids("QOL") == []
    assert {"1", "222"} <= {line["answer"] for line in home.sheet("QOL") if line["id"] == "1"}


@pytest.mark.parametrize("folder", ["active_data", "raw_data"])
def test_no_version_is_deleted_because_the_file_of_another_day_is_well(
    home: Home, folder: str
) -> None:
    home.configure(DELETE_MODE=False)
    home.site.put("QOL", [row(1, answer=1)])
    home.export()
    home.now += timedelta(days=1)
    home.site.put("QOL", [row(1, answer=222)])
    home.export(code=1)
    home.run("held", STUDY, "--release", "QOL", "all")
    home.export()
    _, later = home.paths(folder, "QOL")
    later.write_bytes(later.read_bytes().replace(b"222", b"333"))
    home.configure(DELETE_MODE=True)
    home.run("export", STUDY)
    assert home.deletes() == []


def test_nothing_is_released_for_a_scale_that_holds_nothing(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    ended = home.run("held", STUDY, "--release", "QOL", "1")
    assert (ended.code, ended.shown["sites"][STUDY]["released"]) == (0, 0)


def vanished(home: Home) -> None:
    home.configure(DELETE_MODE=False)
    home.site.put("QOL", [row(number) for number in range(1, 6)])
    home.export()
    home.site.take("QOL", 2)
    home.site.take("QOL", 4)
    home.configure(DELETE_MODE=True)


@pytest.mark.parametrize("poorer", ["A", "QOL"])
def test_an_entry_that_vanished_is_missed_though_another_scale_shows_the_same(
    home: Home, poorer: str
) -> None:
    home.configure(DELETE_MODE=False)
    for scale in ("A", "QOL"):
        home.site.put(scale, [row(1), row(2)])
    home.export()
    home.site.take(poorer, 1)
    home.export(code=1)
    assert home.troubles() >= {("listing_shrank", poorer)}
    assert len([kind for kind, _ in home.troubles() if kind == "listing_shrank"]) == 1


def test_deletes_stop_when_entries_vanished_until_a_person_closes_the_incident(home: Home) -> None:
    vanished(home)
    home.export(code=1)
    [found] = [one for one in home.incidents() if one["kind"] == "listing_shrank"]
    assert (found["scale"], found["level"]) == ("QOL", "critical")
    assert "2 entries (the lowest id 2)" in found["detail"]
    home.site.put("QOL", [row(9)])
    home.export(code=1)
    assert home.asked("DELETE") == []
    assert home.ids("QOL") == ["1", "2", "3", "4", "5", "9"]
    home.incidents("--close", str(found["number"]))
    home.export()
    assert sorted(home.deletes()) == [1, 3, 5, 9]
    assert home.is_clean()


def test_a_blocked_scale_does_not_stop_the_deletes_of_another(home: Home) -> None:
    vanished(home)
    home.site.put("BBSIQ", [row(7)])
    home.export(code=1)
    assert home.site.deletes == [("BBSIQ", 7)]


def test_a_listing_that_shows_nothing_at_all_stops_deletes_too(home: Home) -> None:
    vanished(home)
    home.site.clear("QOL")
    home.export(code=1)
    assert "5 entries" in home.detail("listing_shrank")
    home.site.put("QOL", [row(number) for number in range(1, 8)])
    home.export(code=1)
    assert home.asked("DELETE") == []
    assert home.ids("QOL") == ["1", "2", "3", "4", "5", "6", "7"]


def begun_anew(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2), row(3)])
    home.export()
    home.site.put("QOL", [row(1, answer=9), row(2, answer=9)])
    home.export(code=1)


def test_ids_that_begin_anew_are_held_and_deletes_stop(home: Home) -> None:
    begun_anew(home)
    assert sorted(home.deletes()) == [1, 2, 3]
    assert home.held() == [("QOL", 1, "conflict"), ("QOL", 2, "conflict")]
    assert {("ids_anew", "QOL"), ("entry_conflict", "QOL")} <= home.troubles()
    home.site.put("QOL", [row(7)])
    home.export(code=1)
    assert home.ids("QOL") == ["1", "2", "3", "7"]
    assert sorted(home.deletes()) == [1, 2, 3]


def test_ids_begun_anew_become_rows_once_a_person_has_said_so(home: Home) -> None:
    begun_anew(home)
    [number] = [one["number"] for one in home.incidents() if one["kind"] == "ids_anew"]
    home.run("held", STUDY, "--release", "QOL", "all")
    home.export(code=1)
    assert sorted(home.deletes()) == [1, 2, 3]
    home.incidents("--close", str(number))
    home.export()
    assert sorted(home.deletes()) == [1, 1, 2, 2, 3]
    assert [line["answer"] for line in home.sheet("QOL")] == ["3", "3", "3", "9", "9"]
    assert home.is_clean()


def test_a_row_that_comes_back_as_it_was_is_deleted_again_and_no_second_row(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    home.site.put("QOL", [row(2)])
    done = home.export()["QOL"]
    assert (done["fresh"], done["appended"], done["deleted"]) == (0, 0, 1)
    assert home.ids("QOL") == ["1", "2"]
    assert home.site.ids("QOL") == []


def test_only_an_open_incident_of_the_named_site_can_be_closed(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    assert home.run("incidents", STUDY, "--close", "99").code == 64
    assert home.run("incidents", "--close", "1").code == 64


def test_the_benchmark_file_is_a_view_and_its_first_sight_is_told_once(home: Home) -> None:
    home.site.put("QOL", [row(12), row(4)])
    home.site.put("TaskLog", [row(3), row(7)], deleteable=False)
    home.export(STUDY, "all")
    path = home.pool / "active_data" / "benchMark.json"
    whole = path.read_bytes()
    assert whole == (
        b'{\n  "QOL": {\n    "current": 12,\n    "deleteable": true\n  },\n'
        b'  "TaskLog": {\n    "current": 7,\n    "deleteable": false\n  }\n}\n'
    )
    path.write_bytes(b'{"QOL": {"current": 99999, "deleteable": true}}')
    home.site.put("QOL", [row(5)])
    home.export()
    assert path.read_bytes() == whole
    assert home.ids("QOL") == ["12", "4", "5"]
    told = [one for one in home.incidents("--all") if one["kind"] == "benchmark_created"]
    assert [(one["count"], one["closed_at"] is None) for one in told] == [(1, False)]


def test_a_scale_that_the_listing_lacks_is_told_as_a_loss_and_comes_back(home: Home) -> None:
    home.configure(DELETE_MODE=False)
    home.site.put("QOL", [row(1), row(2)])
    home.site.put("BBSIQ", [row(3)])
    home.export()
    home.configure(DELETE_MODE=True)
    home.site.fault("listing", body=[{"name": "BBSIQ", "size": 1, "deleteable": True}])
    home.export(STUDY, "BBSIQ")
    assert ("listing_shrank", "QOL") not in home.troubles()
    home.export(code=1)
    assert "2 entries (the lowest id 1)" in home.detail("listing_shrank")
    [found] = [one for one in home.incidents() if one["kind"] == "listing_shrank"]
    home.export(code=1)
    assert home.incidents() == [found]
    home.site.heal()
    home.export(code=1)
    assert 1 not in home.deletes()
    home.incidents("--close", str(found["number"]))
    home.export()
    assert home.site.ids("QOL") == []
    assert home.ids("QOL") == ["1", "2"]


def test_an_empty_list_of_scales_is_a_fault_of_the_site_and_no_loss(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    home.site.put("QOL", [row(2)])
    home.site.fault("listing", body=[])
    home.export(code=69)
    assert home.troubles() == {("site_unreachable", "")}
    home.site.heal()
    home.export()
    assert home.ids("QOL") == ["1", "2"]
    assert home.troubles() == set()


def test_a_size_that_is_no_number_proves_no_delete(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.site.fault("lying", scale="QOL")
    home.site.fault("listing", body=[{"name": "QOL", "size": False, "deleteable": True}])
    assert home.export(code=1)["QOL"]["deleted"] == 0
    assert ("delete_failed", "QOL") in home.troubles()
