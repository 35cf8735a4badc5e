"""Deletes: the canary, every way in which a site refuses, and what is asked again."""

from __future__ import annotations

from typing import Any

import pytest

from mtdata.demo.wire import Call, WireAnswer, refusal
from tests.system.home import STUDY, Home, row

REFUSALS = {
    "import mode": ("import_mode", {}, "import mode"),
    "must remain": ("must_remain", {}, "403"),
    "401": ("unauthorized", {}, "401"),
    "500": ("status", {"code": 500}, "500"),
    "503": ("status", {"code": 503}, "503"),
    "a log-in page": ("login_page", {}, "web page"),
    "a redirect": ("redirect", {}, "302"),
    "a dropped connection": ("drop", {}, "dropped"),
    "a lie": ("lying", {}, "there still"),
    "a 404 that is no proof": ("gone", {}, "there still"),
}


def filled(home: Home, count: int = 6, **keys: Any) -> None:
    home.configure(**{"DELETE_MODE": True, "DELETE_CONNECTIONS": 2} | keys)
    home.site.put("QOL", [row(number) for number in range(1, count + 1)])


@pytest.mark.parametrize(("kind", "detail", "reason"), REFUSALS.values(), ids=list(REFUSALS))
def test_what_the_site_does_not_delete_is_owed_with_the_reason_and_asked_again(
    home: Home, kind: str, detail: dict[str, Any], reason: str
) -> None:
    filled(home)
    home.site.fault(kind, method="DELETE", **detail)
    done = home.export(code=1)["QOL"]
    assert (done["appended"], done["deleted"], done["owed"]) == (6, 0, 6)
    assert home.deletes() == []
    assert home.troubles() == {("delete_failed", "QOL")}, "and no leftover beside its cause"
    assert reason in home.detail("delete_failed")
    home.site.heal()
    done = home.export()["QOL"]
    assert (done["fresh"], done["deleted"], done["owed"]) == (0, 6, 0)
    assert home.troubles() == set()
    assert home.ids("QOL") == [str(number) for number in range(1, 7)]


@pytest.mark.parametrize("kind", ["import_mode", "must_remain", "unauthorized", "login_page"])
def test_when_the_first_delete_is_refused_no_other_goes_out(home: Home, kind: str) -> None:
    filled(home)
    home.site.fault(kind, method="DELETE")
    home.export(code=1)
    assert home.asked("DELETE") == ["/QOL/1"]


@pytest.mark.parametrize("code", [500, 503])
def test_when_the_first_delete_fails_no_other_goes_out(home: Home, code: int) -> None:
    filled(home)
    home.site.fault("status", method="DELETE", code=code)
    home.export(code=1)
    assert home.asked("DELETE") == ["/QOL/1"]


def test_a_time_out_leaves_the_row_owed_until_a_listing_proves_it_gone(home: Home) -> None:
    filled(home, 3, TIMEOUT="0.3s")
    home.site.fault("slow", method="DELETE", delay_s=2)
    done = home.export(code=1)["QOL"]
    assert (done["deleted"], done["owed"]) == (0, 3)
    assert "TIMEOUT" in home.detail("delete_failed")
    home.site.heal()
    home.configure(TIMEOUT="20s")
    done = home.export()["QOL"]
    assert (done["deleted"], done["owed"]) == (3, 0)
    assert home.site.ids("QOL") == []


def test_a_row_deleted_before_the_connection_dropped_is_proven_by_the_listing(home: Home) -> None:
    filled(home, 3)
    home.site.fault("drop", method="DELETE", after=True)
    done = home.export(code=1)["QOL"]
    assert (home.deletes(), done["deleted"], done["owed"]) == ([1], 1, 2)
    home.site.heal()
    assert home.export()["QOL"]["owed"] == 0
    assert home.site.ids("QOL") == []
    assert home.troubles() == set()


def test_a_delete_whose_answer_got_lost_on_the_way_is_asked_again_at_once(home: Home) -> None:
    filled(home)
    home.site.fault("drop", method="DELETE", after=True, times=1)
    done = home.export()["QOL"]
    assert (done["deleted"], done["owed"]) == (6, 0)
    assert home.asked("DELETE")[:2] == ["/QOL/1", "/QOL/1"]


def test_only_the_entries_that_the_site_does_not_delete_are_owed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out = home.site._delete

    def delete(call: Call, scale: str, number: str) -> WireAnswer:
        if number in ("2", "5"):
            return refusal(500, "No message available", call.path)
        return carry_out(call, scale, number)

    monkeypatch.setattr(home.site, "_delete", delete)
    filled(home)
    done = home.export(code=1)["QOL"]
    assert (done["deleted"], done["owed"]) == (4, 2)
    assert "2 deletes were not done" in home.detail("delete_failed")
    assert home.troubles() == {("delete_failed", "QOL")}
    assert home.site.ids("QOL") == [2, 5]


def test_an_entry_that_somebody_else_deletes_meanwhile_is_no_failure(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out = home.site._delete

    def delete(call: Call, scale: str, number: str) -> WireAnswer:
        if number == "1":
            home.site.take("QOL", 1)
        return carry_out(call, scale, number)

    monkeypatch.setattr(home.site, "_delete", delete)
    filled(home)
    done = home.export()["QOL"]
    assert (done["deleted"], done["owed"]) == (6, 0)
    assert sorted(home.deletes()) == [2, 3, 4, 5, 6]
    assert home.troubles() == set()


def test_no_more_than_the_limit_is_asked_for_in_a_round(home: Home) -> None:
    filled(home, 10, DELETE_LIMIT=4)
    for left in (6, 2, 0):
        done = home.export()["QOL"]
        assert done["owed"] == len(home.site.ids("QOL")) == left
    assert len(home.deletes()) == len(home.asked("DELETE")) == 10


def test_deletes_come_last_and_a_listing_after_them_proves_what_is_gone(home: Home) -> None:
    filled(home, 4)
    home.site.put("BBSIQ", [row(9)])
    home.export()
    methods = [one.method for one in home.site.requests]
    assert methods.count("DELETE") == 5
    last = max(place for place, method in enumerate(methods) if method == "DELETE")
    assert [one.path for one in home.site.requests[last + 1 :]] == ["/api/export"]


def test_deletes_share_connections_and_one_session(home: Home) -> None:
    filled(home, 40, DELETE_CONNECTIONS=3)
    home.export()
    assert len(home.deletes()) == 40
    assert home.site.connections <= 4
    assert home.site.logins == 1


def test_old_entries_on_the_site_are_one_incident_with_number_and_oldest_until_gone(
    home: Home,
) -> None:
    home.configure(DELETE_MODE=False)
    home.site.put("QOL", [row(number) for number in (5, 4, 9, 2, 3)])
    for _ in range(3):
        home.export()
        assert home.troubles() == set()  # that is what DELETE_MODE: False says
    home.configure(DELETE_MODE=True, DELETE_LIMIT=1)
    home.export()
    home.export()
    [found] = home.incidents()
    assert (found["kind"], found["scale"], found["count"]) == ("leftover", "QOL", 2)
    assert "3 entries" in found["detail"]
    assert f"oldest {min(home.site.ids('QOL'))}" in found["detail"]
    home.configure(DELETE_MODE=True, DELETE_LIMIT=100)
    home.export()
    assert home.incidents() == []
    assert home.site.ids("QOL") == []


def test_a_round_that_ends_before_its_deletes_are_proven_claims_no_leftover(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked for may be gone: nobody has seen that it lies there still."""
    carry_out = home.site._delete

    def delete(call: Call, scale: str, number: str) -> WireAnswer:
        home.site.fault("unauthorized", method="GET")
        return carry_out(call, scale, number)

    monkeypatch.setattr(home.site, "_delete", delete)
    filled(home)
    home.export(code=69)
    assert home.site.ids("QOL") == []
    assert home.troubles() == {("site_refused", "")}
    monkeypatch.undo()
    home.site.heal()
    assert home.export()["QOL"]["deleted"] == 6
    assert home.troubles() == set()


def test_deletions_tells_what_would_go_and_what_not_and_sends_nothing(home: Home) -> None:
    filled(home, 3, DELETE_MODE=False)
    home.site.put("QOL", [b'{"id":4,"bad"}', row("x")])
    home.site.put("TaskLog", [row(5)], deleteable=False)
    home.export(STUDY, "all", code=1)
    told = home.run("deletions", STUDY, "--dry-run").shown["sites"][STUDY]["scales"]
    assert (told["QOL"]["would_delete"], told["QOL"]["stays"]) == ([1, 2, 3], 2)
    assert "DELETE_MODE is False: nothing is deleted until" in told["QOL"]["why"]
    assert "must stay" in told["TaskLog"]["why"]
    home.configure(DELETE_MODE=True, DELETE_LIMIT=2)
    told = home.run("deletions", STUDY).shown["sites"][STUDY]["scales"]
    assert (told["QOL"]["would_delete"], told["QOL"]["stays"]) == ([1, 2], 3)
    assert "DELETE_LIMIT" in told["QOL"]["why"]
    assert "held" in told["QOL"]["why"]
    assert home.asked("DELETE") == []


def test_a_scale_that_became_one_that_must_stay_is_not_deleted_any_more(home: Home) -> None:
    filled(home, 3, DELETE_MODE=False)
    home.export()
    home.site.offer("QOL", deleteable=False)
    home.configure(DELETE_MODE=True)
    home.export(STUDY, "all")
    assert home.asked("DELETE") == []
    assert home.is_clean()


def test_deletions_counts_delete_limit_once_for_all_scales(home: Home) -> None:
    home.site.put("BBSIQ", [row(1), row(2)])
    filled(home, 3, DELETE_MODE=False, DELETE_LIMIT=3)
    home.export()
    home.configure(DELETE_MODE=True)
    told = home.run("deletions", STUDY).shown["sites"][STUDY]["scales"]
    assert {name: one["would_delete"] for name, one in told.items()} == {
        "BBSIQ": [1, 2],
        "QOL": [1],
    }
    assert "for all scales together" in told["QOL"]["why"]
    home.export()
    assert home.site.deletes == [("BBSIQ", 1), ("BBSIQ", 2), ("QOL", 1)]
