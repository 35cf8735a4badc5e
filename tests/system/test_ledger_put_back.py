"""A ledger that is older than the files of its pool, or younger, or knows nothing of them."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mtdata.config import load
from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.ledger import Ledger
from mtdata.study.operations import verify
from tests.conftest import LONG, SEED
from tests.system.home import STUDY, Ended, Home, row

REBUILD = ("verify", STUDY, "--rebuild-ledger")


def copied(home: Home) -> Path:
    """The ledger as it stands, beside the pool."""
    for ending in ("", "-wal", "-shm"):
        if (path := home.pool / f"ledger.sqlite3{ending}").exists():
            shutil.copy(path, home.folder / f"copy{ending}")
    return home.folder / "copy"


def put_back(home: Home) -> None:
    """The copy in the ledger's place; what lies beside it of the newer one is removed."""
    for ending in ("", "-wal", "-shm"):
        (home.pool / f"ledger.sqlite3{ending}").unlink(missing_ok=True)
        if (path := home.folder / f"copy{ending}").exists():
            shutil.copy(path, home.pool / f"ledger.sqlite3{ending}")


def ten(first: int, **more: object) -> list[object]:
    return [row(number, **more) for number in range(first, first + 10)]


def same_day(home: Home) -> None:
    home.site.put("QOL", ten(11))
    home.export()


def wider(home: Home) -> None:
    home.site.put("QOL", ten(11, extra=1.5))
    home.export()


def other_days(home: Home) -> None:
    for first in (11, 16):
        home.site.put("QOL", [row(number) for number in range(first, first + 5)])
        home.now = home.now.replace(day=home.now.day + 1)
        home.export()


LATER: dict[str, Callable[[Home], None]] = {
    "the same day": same_day, "with a field more": wider, "other days": other_days
}  # fmt: skip


def behind(
    home: Home, later: Callable[[Home], None] = same_day, *, deletes: bool = True
) -> dict[str, str]:
    """Ten rows, a copy of the ledger, ten more that are deleted on the site, the copy put back.

    Without `deletes` the first ten were on the site still when the ledger was copied.
    """
    home.configure(DELETE_MODE=deletes)
    home.site.put("QOL", ten(1))
    home.export()
    copied(home)
    home.configure(DELETE_MODE=True)
    later(home)
    assert home.site.ids("QOL") == []
    put_back(home)
    return home.digests()


def wrong(ended: Ended) -> str:
    assert ended.code == 74, ended
    return " ".join(ended.shown["sites"][STUDY]["wrong"])


@pytest.mark.parametrize("later", LATER.values(), ids=list(LATER))
def test_an_older_ledger_is_said_to_be_behind_and_takes_up_what_the_files_have(
    home: Home, later: Callable[[Home], None]
) -> None:
    before = behind(home, later)
    assert home.run("decode", STUDY, "--check").code == 65
    assert "behind its files" in wrong(home.run("verify", STUDY))
    assert home.is_clean()
    assert home.digests() == before
    assert sorted(map(int, home.ids("QOL"))) == list(range(1, 21))
    home.site.put("QOL", [row(21)])
    assert home.export()["QOL"]["fresh"] == 1
    assert sorted(map(int, home.ids("QOL"))) == list(range(1, 22))
    assert home.site.ids("QOL") == []
    assert home.troubles() == set()
    assert home.status("QOL")["benchmark"] == 21
    assert home.is_clean()


@pytest.mark.parametrize("later", LATER.values(), ids=list(LATER))
def test_a_round_takes_up_what_an_older_ledger_lacks_before_it_collects(
    home: Home, later: Callable[[Home], None]
) -> None:
    behind(home, later, deletes=False)
    home.site.put("QOL", [row(12, **({"extra": 1.5} if later is wider else {})), row(21)])
    did = home.export()["QOL"]
    assert (did["fresh"], did["appended"]) == (1, 1)
    assert sorted(map(int, home.ids("QOL"))) == list(range(1, 22))
    assert home.site.ids("QOL") == []
    assert home.troubles() == set()
    assert [one["kind"] for one in home.incidents("--all")].count("ledger_behind") == 1
    assert home.is_clean()


def test_decode_makes_the_rows_that_an_older_ledger_does_not_know(home: Home) -> None:
    behind(home)
    ended = home.run("decode", STUDY)
    assert ended.code == 0
    assert "behind its files" in ended.said
    assert sum(one["rows"] for one in ended.shown["sites"][STUDY]["sheets"]) == 20


def test_a_ledger_that_is_behind_may_be_made_again(home: Home) -> None:
    before = behind(home)
    assert home.run(*REBUILD).shown["sites"][STUDY]["entries"] == 20
    assert home.run(*REBUILD).code == 64
    home.export()
    assert home.digests() == before
    assert home.is_clean()


def test_a_table_that_an_older_ledger_does_not_know_is_taken_up_too(home: Home) -> None:
    home.site.put("Log", [row(1), row(2)], deleteable=False)
    home.export(STUDY, "all")
    copied(home)
    home.site.put("Log", [row(3)], deleteable=False)
    home.export(STUDY, "all")
    put_back(home)
    before = home.digests()
    assert "behind its files" in wrong(home.run("verify", STUDY))
    assert home.export(STUDY, "all")["Log"]["fresh"] == 0
    assert home.digests() == before
    assert home.is_clean()


def test_a_ledger_copied_while_a_round_was_writing_loses_nothing(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", ten(1))
    home.site.fault("drop", scale="QOL")
    home.export(code=69)
    home.site.heal()
    home.export()
    copied(home)
    in_hand(home.folder / "copy")
    same_day(home)
    home.site.put("QOL", ten(21))
    home.export()
    put_back(home)
    before = home.digests()
    home.export()
    assert home.digests() == before
    assert sorted(map(int, home.ids("QOL"))) == list(range(1, 31))
    assert home.troubles() == set()
    assert home.is_clean()


def in_hand(ledger: Path) -> None:
    """As if every file had been in hand when the ledger was copied."""
    with closing(sqlite3.connect(ledger)) as db, db:
        db.execute("UPDATE files SET writing = 1")


@pytest.mark.parametrize("torn", [b'\n],\n"QOL_13', b',\n{"id": 99, "a', b"\n\0\0\0\0"])
def test_whole_entries_before_a_torn_end_are_taken_up_and_the_file_is_left(
    home: Home, torn: bytes
) -> None:
    behind(home)
    [raw] = home.paths("raw_data", "QOL")
    raw.write_bytes(raw.read_bytes()[: -len(b"\n]}\n")] + torn)
    left = raw.read_bytes()
    home.run("export", STUDY)
    assert raw.read_bytes() == left
    assert home.status("QOL")["rows"] == 20
    assert ("raw_changed", "QOL") in home.troubles()
    assert len(home.ids("QOL")) == 20


class Killed(BaseException):
    """As if the process had ended there."""


def commits(patched: pytest.MonkeyPatch, at: int) -> list[int]:
    """Let the commit of that number kill; how many there were stands in what is returned."""
    commit, count = LedgerDatabase.commit, [0]

    def counted(self: LedgerDatabase) -> Any:
        count[0] += 1
        if count[0] == at:
            raise Killed
        return commit(self)

    patched.setattr(LedgerDatabase, "commit", counted)
    return count


def test_wherever_the_taking_up_is_killed_the_next_one_ends_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind(home, other_days, deletes=False)
    before, site = home.folder / "before", load(home.folder / "config", os.environ).site(STUDY)
    shutil.copytree(home.pool, before)
    with monkeypatch.context() as patched:
        count = commits(patched, at=0)
        verify.verify(site)
        total = count[0]
    for at in sorted(Random(SEED).sample(range(1, total + 1), total if LONG else 3)):
        shutil.rmtree(home.pool)
        shutil.copytree(before, home.pool)
        with monkeypatch.context() as patched, suppress(Killed):
            commits(patched, at)
            verify.verify(site)
        verify.verify(site)
        assert sorted(map(int, home.ids("QOL"))) == list(range(1, 21)), f"killed at commit {at}"
    home.export()
    assert home.troubles() == set()
    assert home.is_clean()


def test_a_note_behind_a_sheet_is_no_newer_sheet(home: Home) -> None:
    home.site.put("QOL", ten(1))
    home.export()
    [sheet] = home.paths("active_data", "QOL")
    sheet.write_bytes(sheet.read_bytes() + b"a note\r\n")
    home.export()
    assert ("ledger_behind", "") not in {(i["kind"], i["scale"]) for i in home.incidents("--all")}
    assert wrong(home.run("verify", STUDY))


def test_a_copy_of_a_raw_file_that_somebody_lays_there_changes_nothing(home: Home) -> None:
    home.site.put("QOL", ten(1))
    home.export()
    [raw] = home.paths("raw_data", "QOL")
    for name in ("QOL_Mar_12_2026_part7.json", "QOL_Mar_12_2026 (copy).json"):
        shutil.copy(raw, raw.with_name(name))
    home.export()
    assert home.is_clean()
    for name in ("QOL_Mar_12_2026_part7.json", "QOL_Mar_12_2026 (copy).json"):
        raw.with_name(name).unlink()
    home.export()
    assert home.troubles() - {("leftover", "QOL")} == set()
    assert home.is_clean()


# files older than the ledger ----------------------------------------------------------------------


@pytest.mark.parametrize("what", ["older", "gone"])
def test_files_older_than_the_ledger_are_told_and_nothing_is_deleted(home: Home, what: str) -> None:
    home.site.put("QOL", ten(1))
    home.export()
    [raw] = home.paths("raw_data", "QOL")
    before = raw.read_bytes()
    home.site.put("QOL", ten(11))
    home.site.put("BBSIQ", ten(1))
    home.export()
    newer = raw.read_bytes()
    raw.write_bytes(before) if what == "older" else raw.unlink()
    home.configure(DELETE_MODE=True)
    home.run("export", STUDY)
    assert home.deletes() == []
    assert {"older": "older than the ledger", "gone": "is gone"}[what] in home.detail("files_older")
    assert wrong(home.run("verify", STUDY))
    raw.write_bytes(newer)
    home.run("verify", STUDY)
    home.export()
    assert sorted(home.site.ids("QOL")) == []
    assert len(home.ids("QOL")) == 20
    assert home.is_clean()


# empty is not new ---------------------------------------------------------------------------------

LOST: dict[str, Callable[[Path], object]] = {
    "of zero bytes": lambda path: path.write_bytes(b""),
    "without our tables": lambda path: emptied(path, "CREATE TABLE notes (text)"),
    "with our tables alone": lambda path: emptied(path, ""),
    "gone": lambda path: path.unlink(),
}


def emptied(path: Path, script: str) -> None:
    path.unlink()
    if script:
        with closing(sqlite3.connect(path)) as db:
            db.executescript(script)
    else:
        Ledger(path).close()


def lost(home: Home, how: str) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", ten(1))
    home.export()
    for path in home.pool.glob("ledger.sqlite3-*"):
        path.unlink()
    LOST[how](home.pool / "ledger.sqlite3")


@pytest.mark.parametrize("how", LOST)
def test_no_check_passes_over_a_ledger_that_knows_nothing_of_the_files(
    home: Home, how: str
) -> None:
    lost(home, how)
    for words in (("verify", STUDY), ("decode", STUDY, "--check")):
        ended = home.run(*words)
        assert ended.code == 74
        assert "--rebuild-ledger" in ended.said
    [sheet] = home.run("decode", STUDY).shown["sites"][STUDY]["sheets"]
    assert sheet["rows"] == 10
    assert home.run(*REBUILD).shown["sites"][STUDY]["entries"] == 10
    assert home.is_clean()


@pytest.mark.parametrize("how", LOST)
def test_a_round_over_an_empty_ledger_makes_another_and_keeps_the_old(home: Home, how: str) -> None:
    lost(home, how)
    path = home.pool / "ledger.sqlite3"
    was_there = path.exists()
    home.export()
    assert (home.pool / "ledger.sqlite3.lost").exists() == was_there
    assert home.noted("adopted")


@pytest.mark.parametrize("how", LOST)
def test_a_round_over_an_empty_ledger_collects_nothing_twice(home: Home, how: str) -> None:
    lost(home, how)
    home.site.put("QOL", [row(4, note="other content"), row(11)])
    home.export(code=1)
    assert home.held() == [("QOL", 4, "conflict")]
    assert home.site.ids("QOL") == [4]
    assert sorted(map(int, home.ids("QOL"))) == list(range(1, 12))
    assert home.status("QOL")["benchmark"] == 11
    assert home.is_clean()


def test_a_new_pool_passes_every_check(home: Home) -> None:
    home.site.offer("QOL")
    home.export()
    assert home.is_clean()
