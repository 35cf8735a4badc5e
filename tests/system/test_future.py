"""A clock that stood a year ahead for a while: what it left proves nothing afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.system.home import STUDY, Home, row

YEAR = timedelta(days=365)


@pytest.fixture
def ahead(home: Home) -> Home:
    """One good round, then all that is done once more by a clock a year ahead, now right again."""
    home.site.put("QOL", [row(1)])
    home.export(STUDY, "all")
    home.now += YEAR
    home.site.put("QOL", [row(2)])
    home.export(STUDY, "all")
    assert home.run("verify", STUDY).code == 0
    home.now -= YEAR - timedelta(hours=8)
    return home


def clock(home: Home) -> tuple[str, str]:
    """What `check` says of the clock."""
    findings = home.run("check", STUDY).shown["findings"]
    [found] = [(one["verdict"], one["told"]) for one in findings if one["what"] == "clock"]
    return found


def test_rounds_a_year_ahead_do_not_hide_that_none_comes(ahead: Home) -> None:
    ended = ahead.run("status", STUDY)
    state = ended.shown["sites"][STUDY]
    assert (ended.code, state["overdue"]) == (1, True)
    assert set(state["late"]) == {"collected"}
    assert state["last_success_s"] == pytest.approx(8 * 3600, abs=3600)
    assert state["last_good"]["age_s"] > 0
    verdict, told = clock(ahead)
    assert verdict == "bad"
    assert "rounds 2027-03-12" in told
    assert "files read again 2027-03-12" in told


def test_a_good_round_by_the_right_clock_ends_it_and_check_still_names_what_lies_ahead(
    ahead: Home,
) -> None:
    ahead.export(STUDY, "all")
    state = ahead.run("status", STUDY).shown["sites"][STUDY]
    assert (state["overdue"], state["last_success_s"]) == (False, 300)
    assert clock(ahead)[0] == "odd"


def test_what_only_a_clock_ahead_did_is_overdue_at_once(home: Home) -> None:
    home.now += YEAR
    home.export(STUDY, "all")
    home.now -= YEAR
    ended = home.run("status", STUDY)
    assert (ended.code, set(ended.shown["sites"][STUDY]["late"])) == (1, {"collected", "kept"})
    assert home.run("daemon", "--once").code == 0
    assert home.run("status", STUDY).code == 0


def test_damage_that_a_clock_ahead_saw_is_closed_by_a_pass_that_finds_all_well(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1)])
    home.export()
    [raw] = home.paths("raw_data", "QOL")
    sound = raw.read_bytes()
    home.now += YEAR
    raw.write_bytes(sound.replace(b"PRE", b"pre"))
    assert home.run("verify", STUDY).code == 74
    raw.write_bytes(sound)
    home.now -= YEAR
    home.verify_until_clean()
    assert home.troubles() == set()
    home.site.put("QOL", [row(2)])
    home.export()
    assert home.deletes() == [1, 2]


def test_files_of_days_to_come_are_not_counted_in_what_the_pool_grew_of_late(home: Home) -> None:
    home.now += YEAR
    home.site.put("QOL", [row(1)])
    home.export()
    home.now -= YEAR
    state = home.run("status", STUDY).shown["sites"][STUDY]
    assert state["disk"]["grown_week_bytes"] == 0
    home.site.put("QOL", [row(2)])
    home.export()
    assert home.run("status", STUDY).shown["sites"][STUDY]["disk"]["grown_week_bytes"] > 0
    assert home.is_clean()
