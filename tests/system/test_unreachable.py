"""A site that is down, slow, garbled or refuses us: 69, an incident, nothing half-written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mtdata.demo.study.site import StudySite
from tests.system.home import STUDY, Home, row

LISTING: dict[str, tuple[str, dict[str, Any], str]] = {
    "500": ("status", {"code": 500}, "site_unreachable"),
    "503": ("status", {"code": 503}, "site_unreachable"),
    "404": ("status", {"code": 404}, "site_unreachable"),
    "401": ("unauthorized", {}, "site_refused"),
    "403": ("forbidden", {}, "site_refused"),
    "a log-in page": ("login_page", {}, "site_refused"),
    "another page": ("html", {}, "site_refused"),
    "a body that breaks off": ("truncated", {}, "site_unreachable"),
    "chunks that break off": ("truncated", {"chunked": True}, "site_unreachable"),
    "a dropped connection": ("drop", {}, "site_unreachable"),
    "silence": ("hang", {}, "site_unreachable"),
    "another host": ("redirect", {}, "site_moved"),
    "no JSON": ("garbled", {"bytes": b"{oops"}, "site_unreachable"),
    "no list": ("garbled", {"bytes": b'{"name":"QOL"}'}, "site_unreachable"),
    "a list of texts": ("garbled", {"bytes": b'["QOL"]'}, "site_unreachable"),
    "a list without end": ("endless", {}, "site_unreachable"),
}
PACKAGE: dict[str, tuple[str, dict[str, Any], str]] = {
    "500": ("status", {"code": 500}, "package_broken"),
    "503": ("status", {"code": 503}, "site_unreachable"),
    "404": ("status", {"code": 404}, "package_broken"),
    "401": ("unauthorized", {}, "site_refused"),
    "a log-in page": ("login_page", {}, "site_refused"),
    "another page": ("html", {}, "package_broken"),
    "a body that breaks off": ("truncated", {}, "package_broken"),
    "chunks that break off": ("truncated", {"chunked": True}, "package_broken"),
    "a dropped connection": ("drop", {}, "site_unreachable"),
    "silence": ("hang", {}, "package_broken"),
    "another host": ("redirect", {}, "site_moved"),
    "a package without end": ("endless", {}, "package_broken"),
    "what unpacks to more than allowed": ("gzip", {"size_mb": 8}, "package_broken"),
}


@pytest.fixture
def home(home: Home) -> Home:
    """A study with rows, which may be deleted, and little patience."""
    home.configure(DELETE_MODE=True, TIMEOUT="0.4s", CONNECT_TIMEOUT="1s", MAX_RESPONSE_MB="1")
    home.site.put("QOL", [row(number) for number in range(1, 30)])
    return home


def assert_collected_in_the_end(home: Home) -> None:
    """With the fault gone the next round carries everything home, and the incident closes."""
    home.site.heal()
    home.configure(TIMEOUT="20s")
    home.export()
    assert home.ids("QOL") == [str(number) for number in range(1, 30)]
    assert home.site.ids("QOL") == []
    assert home.troubles() == set()
    assert list((home.pool / "raw_data/.incoming").glob("*")) == []
    assert home.is_clean()


@pytest.mark.parametrize(("kind", "detail", "incident"), LISTING.values(), ids=list(LISTING))
def test_a_fault_of_the_listing_ends_the_round_of_that_site(
    home: Home, kind: str, detail: dict[str, Any], incident: str
) -> None:
    home.site.fault(kind, scale="", **detail)
    ended = home.run("export", STUDY)
    assert (ended.code, ended.shown["error"]["exit"]) == (69, 69)
    assert ended.shown["sites"][STUDY]["exit"] == 69
    assert home.troubles() == {(incident, "")}
    assert home.digests() == {}
    assert home.asked("DELETE") == []
    assert_collected_in_the_end(home)


@pytest.mark.parametrize(("kind", "detail", "incident"), PACKAGE.values(), ids=list(PACKAGE))
def test_a_fault_of_a_package_deletes_nothing_and_leaves_nothing_half_written(
    home: Home, kind: str, detail: dict[str, Any], incident: str
) -> None:
    home.site.fault(kind, scale="QOL", method="GET", **detail)
    home.export(code=69)
    assert {one for one, _ in home.troubles()} == {incident}
    assert home.asked("DELETE") == []
    for path in home.paths("raw_data", "QOL"):
        json.loads(path.read_bytes())
    assert_collected_in_the_end(home)


def test_a_broken_package_does_not_stop_the_other_scales(home: Home) -> None:
    home.site.put("BBSIQ", [row(50)])
    home.site.fault("truncated", scale="QOL", method="GET")
    home.export(code=69)
    assert home.site.deletes == [("BBSIQ", 50)]
    assert home.ids("BBSIQ") == ["50"]


def test_a_site_that_is_down_does_not_stop_the_others(home: Home) -> None:
    with StudySite(user="ä:b c", password=" ü:§ ") as other:
        other.put("QOL", [row(1)])
        home.configure("other", site=other, DELETE_MODE=True)
        home.site.stop()
        ended = home.run("export")
        assert ended.code == 69
        assert (ended.shown["sites"][STUDY]["exit"], ended.shown["sites"]["other"]["exit"]) == (
            69,
            0,
        )
        assert other.ids("QOL") == []
    assert (home.folder / "pool-other/active_data/QOL_Mar_12_2026.csv").is_file()
    home.site.start()
    assert_collected_in_the_end(home)


def test_a_site_that_is_not_ready_is_never_asked(home: Home) -> None:
    with StudySite() as other:
        home.configure("other", site=other, READY=False)
        home.export(".")
        assert other.requests == []


def test_a_fault_that_passes_is_waited_out(home: Home) -> None:
    home.site.fault("status", code=503, times=2)
    assert home.export()["QOL"]["deleted"] == 29


def test_a_wrong_password_is_told_of_and_not_shown(home: Home) -> None:
    home.configure(PASS="not this one")
    home.export(code=69)
    assert "USER and PASS" in home.detail("site_refused")
    assert not any("not this one" in noise for noise in home.noises)
    home.configure(PASS=home.site.password)
    assert_collected_in_the_end(home)


def test_a_site_that_goes_away_between_deletes_and_proof_is_asked_again(home: Home) -> None:
    home.site.fault("status", scale="", code=500, times=None)
    home.site.heal()
    home.site.fault("drop", scale="BBSIQ")
    home.site.put("BBSIQ", [row(50)])
    home.export(code=69)
    assert 50 not in home.deletes()
    assert_collected_in_the_end(home)


@pytest.mark.parametrize("ending", ["", "/", "/export", "/export/"])
def test_the_address_may_end_in_export_or_not(home: Home, ending: str) -> None:
    home.configure(SERVER=home.site.url + ending, TIMEOUT="20s")
    assert home.export()["QOL"]["deleted"] == 29


def test_a_scale_that_the_site_takes_too_long_for_does_not_stop_those_behind_it(
    home: Home,
) -> None:
    home.site.put("BBSIQ", [row(50)])
    home.site.fault("hang", scale="QOL", method="GET")
    home.export(code=69)
    assert home.ids("BBSIQ") == ["50"]
    assert home.troubles() == {("package_broken", "QOL")}
    assert "kept us waiting beyond TIMEOUT" in home.detail("package_broken")
