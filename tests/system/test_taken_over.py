"""The lock's file removed while a round runs: a second round takes over, the first one ends."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from hashlib import sha256
from typing import Any

import pytest

from mtdata.config import SiteConfig, load
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import BusyError
from mtdata.core.sqlite import LedgerDatabase
from mtdata.core.step import Step
from mtdata.study.ledger.schema import LEDGER
from mtdata.study.operations import commands, verify
from tests.system.home import STUDY, Home, row

STEPS: dict[str, tuple[type, str, str]] = {
    "a write to a raw file": (FolderDisk, "write", "raw_data/QOL"),
    "a write to a sheet": (FolderDisk, "write", "active_data/QOL"),
    "a package being received": (FolderDisk, "receive", "raw_data/.incoming/QOL"),
    "the benchmarks": (FolderDisk, "stage", "active_data/benchMark"),
}


def site_of(home: Home) -> SiteConfig:
    return load(home.folder / "config", os.environ).site(STUDY)


def once(act: Callable[[], object]) -> Callable[[], None]:
    """The same, the first time alone."""
    left = [act]

    def called() -> None:
        if left:
            left.pop()()

    return called


def taken_over(home: Home) -> None:
    (home.pool / ".lock").unlink()
    home.export()


def all_is_well(home: Home, ids: list[int]) -> None:
    home.export()
    assert home.site.ids("QOL") == []
    assert sorted(home.deletes()) == ids
    assert sorted(home.raw_ids("QOL")) == ids
    assert sorted(map(int, home.ids("QOL"))) == ids
    assert home.troubles() == set()
    assert home.is_clean()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_second_round_fences_off_the_first_wherever_the_lock_is_lost(
    home: Home, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1), row(2)])
    owner, name, path = STEPS[step]
    interrupt, carried_out = once(lambda: taken_over(home)), getattr(owner, name)

    def interrupted(self: Any, where: str, *more: Any) -> Any:
        if not where.startswith(path):
            return carried_out(self, where, *more)
        if when == "before":
            interrupt()
        try:
            return carried_out(self, where, *more)
        finally:
            interrupt()

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, interrupted)
        with pytest.raises(BusyError, match="ends here"):
            commands.export(site_of(home), ".")
    all_is_well(home, [1, 2])


def test_a_round_whose_lock_is_removed_ends_and_the_next_goes_on(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.configure(DELETE_MODE=True)

    def removed(step: Step) -> None:
        if step.what == "QOL":
            (home.pool / ".lock").unlink(missing_ok=True)

    with pytest.raises(BusyError, match="removed or replaced"):
        commands.export(site_of(home), ".", removed)
    assert home.deletes() == []
    all_is_well(home, [1, 2])


@pytest.mark.parametrize("is_enough", [True, False])
def test_verify_ends_too_when_its_lock_is_lost(home: Home, *, is_enough: bool) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    lose = once(lambda: taken_over(home))

    def enough(read: int, total: int) -> bool:
        lose()
        return is_enough

    with pytest.raises(BusyError, match="ends here"):
        verify.verify(site_of(home), enough=enough)
    assert home.is_clean()


def test_a_removed_lock_ends_a_command_with_75(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.site.put("QOL", [row(1)])
    receive = FolderDisk.receive

    def received(self: FolderDisk, *words: Any) -> int:
        with suppress(FileNotFoundError):
            (home.pool / ".lock").unlink()
        return receive(self, *words)

    monkeypatch.setattr(FolderDisk, "receive", received)
    ended = home.run("export", STUDY)
    assert ended.code == 75
    assert "the next round goes on from there" in ended.said


# the ledger by itself -----------------------------------------------------------------------------


def test_who_took_the_turn_later_is_the_only_one_that_commits(tmp_path: Any) -> None:
    first, second = LedgerDatabase(tmp_path / "l", LEDGER), LedgerDatabase(tmp_path / "l", LEDGER)
    with closing(first), closing(second):
        for one in (first, second):
            one.take_turn(lambda: None)
            with one.commit():
                one.run("INSERT INTO runs (command, started_at) VALUES ('a', 'b')")
        with pytest.raises(BusyError, match="commits nothing more"), first.commit():
            raise AssertionError("it must not come here")
        with second.commit():
            second.run("INSERT INTO runs (command, started_at) VALUES ('c', 'd')")
        assert second.all("SELECT command FROM runs") == [("a",), ("a",), ("c",)]


def test_who_closes_an_incident_beside_a_round_fences_nobody(tmp_path: Any) -> None:
    holder, beside = LedgerDatabase(tmp_path / "l", LEDGER), LedgerDatabase(tmp_path / "l", LEDGER)
    with closing(holder), closing(beside):
        holder.take_turn(lambda: None)
        for one in (holder, beside, holder):
            with one.commit():
                one.run("INSERT INTO runs (command, started_at) VALUES ('a', 'b')")


# rows that stand twice ----------------------------------------------------------------------------


@pytest.mark.parametrize("twice", [b"3,1,PRE,\r\n", b"3,3,PRE,\r\n"], ids=["first", "last"])
def test_verify_finds_an_entry_that_stands_on_two_rows(home: Home, twice: bytes) -> None:
    home.site.put("QOL", [row(1), row(2), row(3)])
    home.export()
    [sheet] = home.paths("active_data", "QOL")
    content = sheet.read_bytes() + twice
    sheet.write_bytes(content)
    with closing(sqlite3.connect(home.pool / "ledger.sqlite3")) as db, db:
        made = (len(content), sha256(content).digest())
        db.execute("UPDATE files SET length = ?, digest = ? WHERE kind = 'sheet'", made)
    ended = home.run("verify", STUDY)
    assert ended.code == 74
    assert "stands twice" in json.dumps(ended.shown)
    assert home.is_clean()
