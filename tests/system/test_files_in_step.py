"""Rounds of one process that find nothing do without a look at the files; others look first."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from mtdata.config import SiteConfig, load
from mtdata.core.clock import SystemClock
from mtdata.core.errors import FileTorn
from mtdata.study.integrity.catch_up import CatchUp, Stand
from mtdata.study.operations import commands, looking
from mtdata.study.round import round_files
from mtdata.study.round.round_files import FilesInStep
from mtdata.study.status.result import RoundResult
from tests.system.home import STUDY, Home, row


class Process:
    """Goes from round to round on a home, as a daemon does; `looks` counts those at its files."""

    def __init__(self, home: Home, patch: pytest.MonkeyPatch) -> None:
        self.home, self.looks = home, 0
        self.site: SiteConfig = load(home.folder / "config", {}).site(STUDY)
        self.known = FilesInStep(self.site.path)
        play = CatchUp.play

        def counted(of: CatchUp) -> Stand:
            self.looks += 1
            return play(of)

        patch.setattr(CatchUp, "play", counted)

    def configure(self, **keys: object) -> None:
        self.home.configure(**keys)
        self.site = load(self.home.folder / "config", {}).site(STUDY)

    def round(self, minutes: int = 5) -> RoundResult:
        self.home.now += timedelta(minutes=minutes)
        return commands.export(self.site, ".", in_step=self.known)

    def looked(self, act: Callable[[], object]) -> bool:
        """Whether the files are looked at in what is done."""
        before = self.looks
        act()
        return self.looks > before


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened to a folder a moment ago counts as long ago: no test waits for that."""
    monkeypatch.setattr(round_files, "SETTLED_NS", -(1 << 62))


@pytest.fixture
def process(home: Home, settled: None, monkeypatch: pytest.MonkeyPatch) -> Process:
    """Its last look found all in step."""
    home.configure(DELETE_MODE=True)
    for scale in ("QOL", "BBSIQ"):
        home.site.put(scale, [row(1), row(2)])
    begun = Process(home, monkeypatch)
    assert begun.looked(begun.round)
    assert begun.looked(begun.round)  # the one before brought something
    assert not begun.looked(begun.round)
    return begun


def raw(home: Home) -> Path:
    [path] = home.paths("raw_data", "QOL")
    return path


def test_what_comes_is_stored_and_deleted_behind_a_look(process: Process) -> None:
    process.home.site.put("QOL", [row(3)])
    assert process.looked(process.round)
    assert process.home.ids("QOL") == ["1", "2", "3"]
    assert process.home.site.ids("QOL") == []


def _older_where_it_lies(process: Process) -> None:
    """The raw file of QOL has the bytes of an earlier round; its folder does not show it."""
    before = raw(process.home).read_bytes()
    process.home.site.put("QOL", [row(3)])
    process.round()
    process.round()
    raw(process.home).write_bytes(before)


def test_a_file_that_is_older_where_it_lies_is_told_before_anything_is_deleted(
    process: Process,
) -> None:
    _older_where_it_lies(process)
    assert not process.looked(process.round)  # nothing that is there could be lost by it
    process.home.site.put("BBSIQ", [row(3)])
    assert process.round().exit == 74
    assert process.home.site.ids("BBSIQ") == [3]
    assert ("files_older", "QOL") in process.home.troubles()


def test_a_file_that_is_older_where_it_lies_is_told_within_an_hour(process: Process) -> None:
    _older_where_it_lies(process)
    exits = [process.round().exit for _ in range(12)]
    assert exits[-1] == 74
    assert set(exits) == {0, 74}


def _comes(home: Home) -> None:
    raw(home).with_name("QOL_Mar_10_2026.json").write_bytes(b'{"QOL_10_00_00": [\n{"id":9}\n]}\n')


def _goes(home: Home) -> None:
    raw(home).unlink()


def _another_stands_there(home: Home) -> None:
    """Put in its place as who copies files back does it: the folder's own time is put back."""
    path, times = raw(home), raw(home).parent.stat()
    beside = path.with_name(".copy")
    beside.write_bytes(path.read_bytes()[:-9])
    beside.rename(path)
    os.utime(path.parent, ns=(times.st_atime_ns, times.st_mtime_ns))


def _the_sheets_are_others(home: Home) -> None:
    sheets = home.pool / "active_data"
    shutil.copytree(sheets, home.folder / "copy")
    shutil.rmtree(sheets)
    (home.folder / "copy").rename(sheets)


def _a_file_is_held(home: Home) -> None:
    (home.pool / "held").mkdir(mode=0o700)


@pytest.mark.parametrize(
    "change", [_comes, _goes, _another_stands_there, _the_sheets_are_others, _a_file_is_held]
)
def test_whatever_comes_or_goes_in_a_folder_is_looked_at(
    process: Process, change: Callable[[Home], None]
) -> None:
    change(process.home)
    assert process.looked(process.round)


def test_an_event_of_somebody_else_is_looked_at(process: Process) -> None:
    process.home.site.put("BBSIQ", [row(3)])
    process.home.export()  # by another process
    assert process.looked(process.round)


def test_a_ledger_that_was_put_back_is_looked_at(process: Process) -> None:
    ledger = process.home.pool / "ledger.sqlite3"
    shutil.copy(ledger, process.home.folder / "older")
    process.home.site.put("BBSIQ", [row(3)])
    process.round()
    process.round()
    assert not process.looked(process.round)
    shutil.copy(process.home.folder / "older", ledger)
    assert process.looked(process.round)
    assert process.home.ids("BBSIQ") == ["1", "2", "3"]


def test_a_ledger_with_another_history_is_looked_at(process: Process) -> None:
    with closing(sqlite3.connect(process.home.pool / "ledger.sqlite3")) as ledger, ledger:
        newest = "(SELECT max(number) FROM events)"
        ledger.execute(f"UPDATE events SET head = zeroblob(32) WHERE number = {newest}")
    assert process.looked(process.round)


def test_a_file_in_hand_is_looked_at(process: Process) -> None:
    with commands.open_pool(process.site) as opening:
        files = opening.pool.ledger.files
        files.take_up(files.by_number(1))
    assert process.looked(process.round)


def test_what_is_not_in_step_is_looked_at_each_time(process: Process) -> None:
    _goes(process.home)
    assert [process.round().exit for _ in range(2)] == [74, 74]
    assert process.looked(process.round)


def test_a_file_that_cannot_be_read_is_looked_at_each_time(process: Process) -> None:
    raw(process.home).with_name("QOL_Mar_10_2026.json").write_bytes(b"no JSON")
    process.round()
    assert ("raw_unreadable", "") in process.home.troubles()
    assert [process.looked(process.round) for _ in range(2)] == [True, True]


def test_a_fault_of_the_look_is_that_of_the_round_and_not_of_each_scale(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[CatchUp] = []

    def fails(of: CatchUp) -> Stand:
        looks.append(of)
        raise FileTorn("a file breaks off")

    monkeypatch.setattr(CatchUp, "play", fails)
    for scale in ("QOL", "BBSIQ"):
        process.home.site.put(scale, [row(3)])
    assert process.round().exit == 74
    assert len(looks) == 1
    assert process.home.site.ids("QOL") == process.home.site.ids("BBSIQ") == [3]


def test_a_listing_that_lacks_what_it_should_have_is_told_behind_a_look(process: Process) -> None:
    process.configure(DELETE_MODE=False)
    process.home.site.put("QOL", [row(3)])
    for _ in range(2):
        process.round()
    del process.home.site._tables["qol"]  # nothing that it still offers has anything to do
    assert process.looked(process.round)
    assert ("listing_shrank", "QOL") in process.home.troubles()


def test_a_clock_that_was_set_back_knows_of_no_look(process: Process) -> None:
    assert process.looked(lambda: process.round(-60))


def test_a_folder_that_changed_a_moment_ago_tells_nothing_of_what_comes_next(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = process.home
    (home.pool / "held").mkdir(mode=0o700)
    changed = (home.pool / "held").stat().st_ctime_ns
    monkeypatch.setattr(round_files, "SETTLED_NS", 3_000_000_000)
    now = SystemClock.now
    shown: list[int] = [changed + 2_900_000_000, changed + 3_100_000_000]

    def machine(clock: SystemClock) -> object:
        moment = now(clock)
        return moment.fromtimestamp(shown[0] / 1e9, moment.tzinfo)

    monkeypatch.setattr(SystemClock, "now", machine)
    assert [process.looked(process.round) for _ in range(2)] == [True, True]
    del shown[0]
    assert [process.looked(process.round) for _ in range(2)] == [True, False]


def test_with_a_replica_every_round_looks(process: Process) -> None:
    process.configure(REPLICAS=[f"file://{process.home.folder}/replica"])
    assert [process.looked(process.round) for _ in range(3)] == [True, True, True]
    process.home.site.fault("status", code=500)  # what is copied nevertheless is looked at first
    assert process.looked(process.round)


def test_what_is_known_is_forgotten_with_the_config(home: Home) -> None:
    sites = [load(home.folder / "config", {}).site(STUDY) for _ in range(2)]
    known = [looking.files_in_step(site) for site in (*sites, sites[1])]
    assert known[0] is not known[1]
    assert known[1] is known[2]
