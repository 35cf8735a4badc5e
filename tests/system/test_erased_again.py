"""What was erased and comes again: from the site, an old ledger, an old file, an old pool."""

from __future__ import annotations

import shutil

import pytest

from tests.system.home import STUDY, Home, row
from tests.system.test_erasing import (
    ANSWER,
    OTHER,
    erase,
    filled,
    holding,
    is_well,
    mine,
    theirs,
)
from tests.system.test_ledger_put_back import copied, put_back


def test_what_was_erased_stays_away_when_the_site_shows_it_again(home: Home) -> None:
    filled(home, DELETE_MODE=False)
    erase(home, "--yes", "--raw")
    is_well(home)
    did = home.export(STUDY, "all")
    assert did["QOL"]["fresh"] == did["OASIS"]["fresh"] == did["Participant"]["fresh"] == 0
    home.site.put("QOL", [mine(1), mine(3), mine(7, wide=1), theirs(2), theirs(9)])
    assert home.export(STUDY, "all")["QOL"]["fresh"] == 1
    assert home.ids("QOL") == ["2", "4", "5", "6", "9"]
    assert holding(home) == set()
    assert home.troubles() == set()
    assert home.is_clean()


def test_what_was_erased_and_is_on_the_site_still_is_deleted_there(home: Home) -> None:
    filled(home, DELETE_MODE=False)
    shown = erase(home, "--yes", "--raw")
    assert "entries of QOL on the study website, by its last listing: 3" in " ".join(
        shown["beyond_reach"]
    )
    home.configure(DELETE_MODE=True)
    home.export(STUDY, "all")
    home.export(STUDY, "all")
    assert (home.site.ids("QOL"), home.site.ids("OASIS")) == ([], [])
    assert home.status("QOL")["owed"] == 0
    assert home.troubles() == set()
    is_well(home)


def test_a_delete_without_a_tombstone_in_the_list_does_not_go_out(home: Home) -> None:
    filled(home, DELETE_MODE=False)
    erase(home, "--yes", "--raw")
    home.configure(DELETE_MODE=True)
    (home.pool / "erased.jsonl").write_text("")
    for copy in (home.folder / "state").glob("erased-*"):
        copy.write_text("")
    home.run("deletions", STUDY)  # the list is made again from the ledger
    assert (home.pool / "erased.jsonl").read_text().count("\n") == 1
    home.export(STUDY, "all")
    assert home.site.ids("QOL") == []


def test_other_content_under_an_erased_id_is_held_and_not_lost(home: Home) -> None:
    filled(home, DELETE_MODE=False)
    erase(home, "--yes", "--raw")
    home.site.clear("QOL")
    home.site.put("QOL", [theirs(1), theirs(2), theirs(4), theirs(5), theirs(6)])
    home.configure(DELETE_MODE=True)
    home.export(STUDY, "all", code=1)
    assert home.held() == [("QOL", 1, "conflict")]
    assert 1 in home.site.ids("QOL")


@pytest.mark.parametrize("raw", [(), ("--raw",)], ids=["sheets", "raw too"])
def test_a_ledger_that_is_made_again_brings_nobody_back(home: Home, raw: tuple[str, ...]) -> None:
    filled(home)
    erase(home, "--yes", *raw)
    for path in home.pool.glob("ledger.sqlite3*"):
        path.unlink()
    ended = home.run("verify", STUDY, "--rebuild-ledger")
    assert ended.code == 0, ended
    assert home.ids("QOL") == ["2", "4", "5", "6"]
    assert holding(home) == ({"raw_data"} if not raw else set())
    assert home.is_clean()
    home.site.put("QOL", [mine(1), theirs(8)])
    home.export(STUDY, "all")
    assert home.ids("QOL") == ["2", "4", "5", "6", "8"]
    assert home.ids("Participant") == ["16", "18", "16", "18", "19"]
    assert len(home.paths("active_data", "Participant")) == 2
    assert (home.site.ids("QOL"), home.is_clean()) == ([], True)


@pytest.mark.parametrize("raw", [(), ("--raw",)], ids=["sheets", "raw too"])
def test_an_older_ledger_put_back_brings_nobody_back(home: Home, raw: tuple[str, ...]) -> None:
    filled(home)
    copied(home)
    erase(home, "--yes", *raw)
    put_back(home)
    ended = home.run("verify", STUDY)
    assert ended.code == 74
    assert "--rebuild-ledger" in str(ended)
    assert home.run("decode", STUDY, "--check").code == 74
    home.export(STUDY, "all")
    assert home.ids("QOL") == ["2", "4", "5", "6"]
    assert holding(home) == ({"raw_data"} if not raw else set())
    assert home.is_clean()


def test_old_files_put_back_are_cut_again(home: Home) -> None:
    filled(home)
    kept = home.folder / "backup"
    shutil.copytree(home.pool, kept)
    erase(home, "--yes", "--raw")
    wanted = {name: told for name, told in home.digests().items() if "_data/" in name}
    for path in [*kept.glob("raw_data/*.json"), *kept.glob("active_data/*.csv")]:
        shutil.copy(path, home.pool / path.relative_to(kept))
    assert holding(home) == {"raw_data", "active_data"}
    ended = home.run("verify", STUDY)
    assert "cut out again" in " ".join(ended.shown["sites"][STUDY]["mended"])
    assert {name: told for name, told in home.digests().items() if "_data/" in name} == wanted
    home.verify_until_clean()
    is_well(home)


def test_old_files_put_back_are_cut_again_by_a_round(home: Home) -> None:
    filled(home)
    kept = home.folder / "backup"
    shutil.copytree(home.pool, kept)
    erase(home, "--yes", "--raw")
    for path in [*kept.glob("raw_data/*.json"), *kept.glob("active_data/*.csv")]:
        shutil.copy(path, home.pool / path.relative_to(kept))
    home.export(STUDY, "all")
    is_well(home)
    assert home.troubles() == set()


def test_a_whole_old_pool_put_back_is_refused_and_then_erased_again(home: Home) -> None:
    filled(home)
    kept = home.folder / "backup"
    shutil.copytree(home.pool, kept)
    erase(home, "--yes", "--raw")
    shutil.rmtree(home.pool)
    shutil.copytree(kept, home.pool)
    assert home.run("export", STUDY, "all").code == 74
    home.run("pool", STUDY, "--accept")
    home.export(STUDY, "all")
    is_well(home)


def test_without_a_ledger_decode_leaves_out_what_was_erased(home: Home) -> None:
    filled(home)
    erase(home, "--yes")
    for path in home.pool.glob("ledger.sqlite3*"):
        path.unlink()
    out = home.folder / "out"
    assert home.run("decode", STUDY, "--out", str(out)).code == 0
    made = "".join(path.read_text() for path in out.glob("*.csv"))
    assert ANSWER not in made
    assert "kept" in made


def test_two_persons_one_after_the_other(home: Home) -> None:
    filled(home)
    erase(home, "--yes", "--raw")
    erase(home, "--yes", "--raw", who=str(OTHER))
    assert (home.ids("QOL"), home.raw_ids("QOL")) == ([], [])
    assert home.ids("Participant") == ["16", "16", "19"]
    assert home.is_clean()
    for path in home.pool.glob("ledger.sqlite3*"):
        path.unlink()
    assert home.run("verify", STUDY, "--rebuild-ledger").code == 0
    assert home.is_clean()
    home.site.put("QOL", [row(20, participant=20), mine(1), theirs(2)])
    home.export(STUDY, "all")
    assert home.ids("QOL") == ["20"]
    assert home.is_clean()
