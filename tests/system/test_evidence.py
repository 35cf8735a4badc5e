"""Evidence of damage stops every delete of the site until `verify` is clean or a person says so."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from mtdata.config import load
from mtdata.core import disk
from mtdata.study.operations import verify
from tests.system.home import STUDY, Home, row

SCALES = ("AAA", "QOL", "ZZZ")


@pytest.fixture
def filled(home: Home) -> Home:
    """Three scales, two rows each, all of them safe here and still on the site."""
    for number, scale in enumerate(SCALES):
        home.site.put(scale, [row(10 * number + 1), row(10 * number + 2)])
    home.export()
    home.configure(DELETE_MODE=True)
    return home


def changed(path: Path) -> None:
    """Somebody changes one letter."""
    path.write_bytes(path.read_bytes().replace(b"PRE", b"PRX", 1))


def stands(home: Home, kind: str) -> int:
    """The number of the one open incident of that kind; it is told of wherever one would look."""
    [number] = [one["number"] for one in home.incidents() if one["kind"] == kind]
    [why] = home.run("status", STUDY).shown["sites"][STUDY]["deletes_blocked"]
    assert f"--close {number}" in why
    found = home.run("deletions", STUDY).shown["sites"][STUDY]["scales"]
    assert [one["would_delete"] for one in found.values()] == [[]] * len(SCALES)
    assert all("verify" in one["why"] for one in found.values())
    return int(number)


@pytest.mark.parametrize(
    ("folder", "kind"), [("active_data", "sheet_changed"), ("raw_data", "raw_changed")]
)
def test_damage_in_one_scale_stops_the_deletes_of_all_until_verify_is_clean(
    filled: Home, folder: str, kind: str
) -> None:
    changed(filled.paths(folder, "QOL")[0])
    assert filled.run("verify", STUDY).code == 74
    stands(filled, kind)
    filled.export(code=74)
    assert filled.deletes() == []
    filled.verify_until_clean()
    assert kind not in {found for found, _ in filled.troubles()}
    filled.export()
    assert len(filled.deletes()) == 6


@pytest.mark.parametrize("folder", ["active_data", "raw_data"])
def test_damage_that_a_round_finds_stops_what_comes_after_it_in_any_scale(
    filled: Home, folder: str
) -> None:
    changed(filled.paths(folder, "AAA")[0])
    filled.export(code=74)
    assert filled.deletes() == []


def test_a_person_who_closes_the_incident_lets_deletes_go_out(filled: Home) -> None:
    filled.paths("active_data", "ZZZ")[0].unlink()
    filled.site.put("ZZZ", [row(23)])
    filled.run("verify", STUDY)
    number = stands(filled, "sheet_changed")
    filled.incidents("--close", str(number))
    filled.export()
    assert len(filled.deletes()) == 7


def test_a_verify_that_has_not_read_all_closes_nothing(filled: Home) -> None:
    changed(filled.paths("active_data", "QOL")[0])
    filled.run("verify", STUDY)
    site = load(filled.folder / "config", {}).site(STUDY)
    assert verify.verify(site, enough=lambda read, total: True)["unread"]
    assert ("sheet_changed", "QOL") in filled.troubles()
    assert filled.run("verify", STUDY).code == 0
    assert ("sheet_changed", "QOL") not in filled.troubles()


def test_a_read_that_the_disk_refuses_stops_deletes_until_verify_is_clean(
    filled: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(file: int, length: int, start: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(disk.os, "pread", refused)
        filled.export(code=74)
    stands(filled, "pool_damaged")
    filled.export(code=74)
    assert filled.deletes() == []
    filled.verify_until_clean()
    filled.export()
    assert len(filled.deletes()) == 6


def test_damage_found_behind_a_first_group_stops_the_groups_that_follow(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtdata.study.ledger.entries.PAGE", 4)
    home.site.put("QOL", [row(number) for number in range(1, 13)])
    home.export()
    home.configure(DELETE_MODE=True)
    [path] = home.paths("raw_data", "QOL")
    path.write_bytes(path.read_bytes().replace(b'"id":7,"session":"P', b'"id":7,"session":"Q'))
    home.export(code=74)
    assert sorted(home.deletes()) == [1, 2, 3, 4, 5, 6]  # pages end before an id that may go on


# a CRITICAL incident is no good end


def test_a_listing_that_shrank_ends_the_round_with_1_and_every_one_while_it_stands(
    home: Home,
) -> None:
    home.site.put("QOL", [row(1), row(2), row(3)])
    home.export()
    home.site.take("QOL", 2)
    home.export(code=1)
    home.configure(DELETE_MODE=True)
    home.export(code=1)
    assert home.deletes() == []
    assert home.run("status", STUDY).shown["sites"][STUDY]["deletes_blocked"]
    [number] = [one["number"] for one in home.incidents() if one["kind"] == "listing_shrank"]
    home.incidents("--close", str(number))
    home.export()
    assert sorted(home.deletes()) == [1, 3]


def test_a_critical_incident_that_opens_ends_the_round_with_1_and_a_lasting_one_that_hinders_none(
    home: Home,
) -> None:
    home.configure(MAX_RECORDS=2)
    home.site.put("QOL", [row(1), row(2)])
    home.export(code=1)
    assert ("lockout_ahead", "") in home.troubles()
    home.export()
