"""Names that come from the site: none becomes a path or an address unchecked."""

from __future__ import annotations

from typing import Any

import pytest

from mtdata.demo.study.site import StudySite
from tests.system.home import STUDY, Home, row

BAD: dict[str, Any] = {
    "a path": "../x",
    "an absolute path": "/etc/passwd",
    "a NUL": "QOL\u0000",
    "300 characters": "Q" * 300,
    "a blank": "QOL 2",
    "a dot": ".hidden",
    "a line end": "QOL\n",
    "a percent sign": "%2e%2e",
    "a question mark": "QOL?after=x",
    "a quote": "QOL'; DROP TABLE entries; --",
    "another alphabet": "Q\u039fL",
    "nothing": "",
    "a number": 7,
    "null": None,
    "a list": ["QOL"],
}


def lines(*names: Any) -> list[dict[str, Any]]:
    return [{"name": name, "size": 1, "deleteable": True} for name in names]


@pytest.mark.parametrize("name", BAD.values(), ids=list(BAD))
def test_a_scale_with_an_unsafe_name_is_refused_and_the_others_are_collected(
    home: Home, name: Any
) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1)])
    home.site.fault("listing", body=lines(name, "QOL"))
    files = {path for path in home.folder.rglob("*") if home.pool not in path.parents}
    home.export(code=65)
    assert home.ids("QOL") == ["1"]
    assert home.deletes() == [1]
    assert set(home.asked("GET")) == {"", "/QOL"}
    made = {path for path in home.folder.rglob("*") if home.pool not in path.parents}
    made = {path for path in made if not path.is_relative_to(home.folder / "logs")}
    state = home.folder / "state"
    assert made - files <= {home.pool, state, state / "pool-study.json"}
    assert ("name_refused", "") in home.troubles()
    home.site.heal()
    home.export()
    assert ("name_refused", "") not in home.troubles()


def test_names_that_differ_by_case_alone_are_both_refused(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("BBSIQ", [row(1)])
    home.site.fault("listing", body=lines("QOL", "BBSIQ", "qol"))
    home.export(code=65)
    assert set(home.asked("GET")) == {"", "/BBSIQ"}
    assert home.deletes() == [1]
    assert "by case" in home.detail("name_refused")


def test_a_scale_that_is_listed_twice_is_collected_once(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.site.fault("listing", body=lines("QOL", "QOL"))
    home.export()
    assert home.asked("GET") == ["", "/QOL"]
    assert home.ids("QOL") == ["1"]


@pytest.mark.parametrize("size", [None, "12", -1, 1.5, True, [1]])
def test_a_scale_whose_size_is_odd_is_asked_for(home: Home, size: Any) -> None:
    home.site.put("QOL", [row(1)])
    home.site.fault("listing", body=[{"name": "QOL", "size": size, "deleteable": True}])
    assert home.export()["QOL"]["appended"] == 1


@pytest.mark.parametrize("word", [None, "true", 1, "yes"])
def test_a_scale_is_never_deleted_unless_the_site_says_plainly_that_it_may(
    home: Home, word: Any
) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1)])
    home.site.fault("listing", body=[{"name": "QOL", "size": 1, "deleteable": word}])
    home.export(STUDY, "all")
    assert home.ids("QOL") == ["1"]
    assert home.asked("DELETE") == []


@pytest.mark.parametrize("word", ["NoSuch", "../x", "QOL "])
def test_a_scale_that_the_site_does_not_offer_is_a_fault_of_the_command(
    home: Home, word: str
) -> None:
    home.site.put("QOL", [row(1)])
    ended = home.run("export", STUDY, word)
    assert ended.code == ended.shown["error"]["exit"] == 64
    assert "QOL" in ended.shown["error"]["message"]
    assert home.asked("GET") == [""]


def test_fields_with_unsafe_names_never_leave_their_cells(home: Home) -> None:
    home.site.put("QOL", [row(1, **{"../../x": "=cmd()", "a'; DROP TABLE entries; --": 1})])
    home.export()
    [line] = home.sheet("QOL")
    assert (line["../../x"], line["a'; DROP TABLE entries; --"]) == ("=cmd()", "1")
    assert home.is_clean()


@pytest.mark.parametrize("first", [True, False])
def test_a_scale_that_is_listed_once_as_staying_is_never_deleted(home: Home, first: bool) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1)])
    body = [{"name": "QOL", "size": 1, "deleteable": word} for word in (first, not first)]
    home.site.fault("listing", body=body)
    home.export(STUDY, "all")
    assert home.asked("DELETE") == []


def test_a_scale_that_one_site_lacks_is_collected_from_the_others(home: Home) -> None:
    with StudySite() as other:
        home.configure("another", site=other)
        home.site.put("QOL", [row(1)])
        other.put("BBSIQ", [row(1)])
        ended = home.run("export", ".", "BBSIQ")
        assert (ended.code, list(ended.shown["sites"])) == (0, ["another"])
        assert ended.shown["sites"]["another"]["scales"]["BBSIQ"]["appended"] == 1
        ended = home.run("export", ".", "NoSuch")
        assert ended.code == 64
        assert "study offers no scale" in ended.shown["error"]["message"]
        assert "another offers no scale" in ended.shown["error"]["message"]


@pytest.mark.parametrize("size", [2**63, 2**64, 10**400])
def test_a_size_beyond_all_bounds_is_no_size(home: Home, size: int) -> None:
    home.site.put("QOL", [row(1)])
    home.site.fault("listing", body=[{"name": "QOL", "size": size, "deleteable": True}])
    assert home.export()["QOL"]["appended"] == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_lines_for_one_scale_the_safe_one_counts(home: Home, order: tuple[int, int]) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1)])
    both = [
        {"name": "QOL", "size": 1, "deleteable": False},
        {"name": "QOL", "size": 0, "deleteable": True},
    ]
    home.site.fault("listing", body=[both[place] for place in order])
    assert home.export(STUDY, "all")["QOL"]["appended"] == 1
    assert home.asked("DELETE") == []


@pytest.mark.parametrize("size", [False, 0.0, "0", None, -1])
def test_only_a_plain_zero_proves_that_nothing_is_left(home: Home, size: Any) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1)])
    home.site.fault("lying")
    home.site.fault("listing", body=[{"name": "QOL", "size": size, "deleteable": True}])
    assert home.export(code=1)["QOL"]["owed"] == 1


def test_hundreds_of_bad_names_are_told_once_and_stop_nothing(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.site.fault("listing", body=lines(*(f"../{n}" for n in range(900)), "QOL"))
    home.export(code=65)
    assert home.ids("QOL") == ["1"]
    assert "and 895 more" in home.detail("name_refused")
    [seen] = [one["count"] for one in home.incidents() if one["kind"] == "name_refused"]
    assert seen == 1


def test_a_list_of_more_scales_than_any_study_has_is_no_list(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.site.fault("listing", body=lines(*(f"Q{n}" for n in range(1001))))
    home.export(code=69)
    assert ("site_unreachable", "") in home.troubles()


@pytest.mark.parametrize("word", ["9223372036854775808", "9" * 5000, "²", "-1", "1.0", ""])
def test_a_number_that_is_none_is_a_fault_of_the_command(home: Home, word: str) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    assert home.run("held", STUDY, "--release", "QOL", word).code == 64
    assert home.run("incidents", STUDY, "--close", word).code == 64
