"""Odd listings: no name becomes a path or an address, no odd word lets anything be deleted."""

from __future__ import annotations

import json
import re
from typing import Any

from mtdata.demo.study.site import StudySite
from tests.hostile.listings import REFUSED, SIZES, TAKEN, WHOLE, WORDS
from tests.system.home import STUDY, Home, row
from tests.tally import tried


def line(name: Any, size: Any = 1, word: Any = True) -> dict[str, Any]:
    """A line of a listing, without what is `...`."""
    whole = {"name": name, "size": size, "deleteable": word}
    return {key: value for key, value in whole.items() if value is not ...}


OURS = re.compile(
    r"\.?(DEBUG|Daily|error|bread_down)\.log(\.lock|\.2026-03-\d\d)?|pool-study\.json"
)


def outside(home: Home) -> set[str]:
    return {
        str(path)
        for path in home.folder.rglob("*")
        if not path.is_relative_to(home.pool) and path.is_file() and not OURS.fullmatch(path.name)
    }


def as_sent(name: Any) -> bytes:
    """JSON that may hold half a surrogate."""
    return json.dumps([line(name), line("Good")]).encode()


def test_no_refused_name_becomes_a_path_or_an_address(home: Home, site: StudySite) -> None:
    home.configure(DELETE_MODE=True)
    site.put("Good", [row(1)])
    before = outside(home)
    for title, name in REFUSED.items():
        site.fault("listing", body=as_sent(name))
        home.export(code=65)
        assert home.troubles() == {("name_refused", "")}, title
        site.heal()
    assert set(home.asked("GET")) == {"", "/Good"}
    assert site.deletes == [("Good", 1)]
    assert outside(home) == before
    assert {path.name.split("_")[0] for path in (home.pool / "raw_data").glob("*.json")} == {"Good"}
    site.fault("listing", body=[line(name) for name in REFUSED.values() if name != "QOL\ud83d"])
    home.export(code=65)
    assert "more" in home.detail("name_refused")
    site.heal()
    home.export()
    assert home.troubles() == set()
    assert home.is_clean()
    tried("hostile inputs", "names of scales", len(REFUSED))


def test_odd_names_that_are_allowed_are_scales_of_their_own(home: Home, site: StudySite) -> None:
    home.configure(DELETE_MODE=True)
    for place, name in enumerate(TAKEN):
        site.put(name, [row(place + 1, answer=name)])
    home.export()
    assert sorted(site.deletes) == sorted((name, n) for n, name in enumerate(TAKEN, 1))
    for place, name in enumerate(TAKEN):
        raw, sheet = (home.pool / kind for kind in ("raw_data", "active_data"))
        assert (raw / f"{name}_Mar_12_2026.json").read_bytes().count(b'"id"') == 1, name
        assert f"{place + 1},PRE" in (sheet / f"{name}_Mar_12_2026.csv").read_text(), name
    home.export()
    assert home.troubles() == set()
    assert home.is_clean()
    (home.pool / "ledger.sqlite3").unlink()
    assert home.run("decode", STUDY).code == 0
    made = {path.name for path in (home.pool / "recovered_data").glob("*.csv")}
    assert made == {f"{name}_Mar_12_2026.csv" for name in TAKEN}
    tried("hostile inputs", "names of scales", len(TAKEN))


def test_twins_but_for_case_are_both_refused(home: Home, site: StudySite) -> None:
    twins = [("QOL", "qol"), ("QOL", "QoL"), ("a_b", "A_B"), ("x-1", "X-1"), ("Q" * 99, "q" * 99)]
    site.put("Good", [row(1)])
    for pair in twins:
        site.fault("listing", body=[*map(line, pair), line("Good")])
        home.export(code=65)
        site.heal()
    assert set(home.asked("GET")) == {"", "/Good"}
    tried("hostile inputs", "names of scales", len(twins))


def test_an_odd_size_is_no_proof_of_anything(home: Home, site: StudySite) -> None:
    home.configure(DELETE_MODE=True)
    scales = {f"S{place}": size for place, size in enumerate(SIZES.values())}
    for scale in scales:
        site.put(scale, [row(1)])
    site.fault("lying")
    site.fault("listing", body=[line(scale, size) for scale, size in scales.items()])
    done = home.export(code=1)
    assert all(done[scale]["appended"] == done[scale]["owed"] == 1 for scale in scales)
    site.heal()
    home.export()
    assert sorted(site.deletes) == sorted((scale, 1) for scale in scales)
    assert home.troubles() == set()
    assert home.is_clean()
    tried("hostile inputs", "sizes in a listing", len(SIZES))


def test_no_odd_word_lets_anything_be_deleted(home: Home, site: StudySite) -> None:
    home.configure(DELETE_MODE=True)
    scales = {f"S{place}": word for place, word in enumerate(WORDS.values())}
    for scale in scales:
        site.put(scale, [row(1)])
    site.fault("listing", body=[line(scale, 1, word) for scale, word in scales.items()])
    done = home.export(STUDY, "all")
    assert all(done[scale]["appended"] == 1 for scale in scales)
    assert home.asked("DELETE") == []
    assert home.is_clean()
    tried("hostile inputs", "words in a listing", len(WORDS))


def test_a_listing_that_is_none_ends_the_site_and_deletes_nothing(
    home: Home, site: StudySite
) -> None:
    home.configure(DELETE_MODE=True)
    site.put("QOL", [row(1)])
    for title, body in WHOLE.items():
        site.fault("listing", body=body)
        home.export(code=69)
        kinds = {kind for kind, _ in home.troubles()}
        assert kinds, title
        assert kinds <= {"site_unreachable", "site_refused"}, title
        site.heal()
    assert home.asked("DELETE") == []
    home.export()
    assert home.ids("QOL") == ["1"]
    assert home.troubles() == set()
    assert home.is_clean()
    tried("hostile inputs", "whole listings", len(WHOLE))
