"""What a round that finds nothing asks of its ledger, its files and its site; no promise is less.

Counted, not timed: most rounds of most sites are such.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Any

import pytest

from mtdata.config import load
from mtdata.core import sqlite
from mtdata.core.disk import FolderDisk
from mtdata.study.decryption import cipher
from mtdata.study.operations import commands
from mtdata.study.round import round as playing
from tests.system.home import STUDY, Home, row

MOST_STATEMENTS = 56


@pytest.fixture
def idle(home: Home) -> Home:
    """A home whose site gave all that it had."""
    home.configure(DELETE_MODE=True)
    for number in range(8):
        home.site.put(f"Scale{number}", [row(1), row(2)])
    home.export()
    return home


def statements(home: Home, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a round asks of every ledger that it opens for itself."""
    asked: list[str] = []
    opened = sqlite.opened

    def noting(*rest: Any) -> tuple[sqlite3.Connection, str]:
        db, journal = opened(*rest)
        db.set_trace_callback(asked.append)
        return db, journal

    with monkeypatch.context() as noted:
        noted.setattr(sqlite, "opened", noting)
        home.export()
    return asked


def test_it_asks_no_more_for_more_scales(idle: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    few = len(statements(idle, monkeypatch))
    for number in range(8, 24):
        idle.site.put(f"Scale{number}", [row(1)])
    idle.export()
    assert len(statements(idle, monkeypatch)) == few <= MOST_STATEMENTS


def test_it_lists_each_folder_a_few_times_and_reads_no_list_of_formats(
    idle: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, read = Counter[str](), Counter[str]()
    names, size = FolderDisk.names, FolderDisk.size
    monkeypatch.setattr(
        FolderDisk, "names", lambda disk, of: listed.update([of]) or names(disk, of)
    )
    monkeypatch.setattr(FolderDisk, "size", lambda disk, of: read.update([of]) or size(disk, of))
    idle.export()
    assert listed == {
        "raw_data": 1, "active_data": 2, "held": 2, "raw_data/.incoming": 2
    }  # fmt: skip
    assert read["formats.json"] == 0


def test_it_opens_its_ledger_once(idle: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    connect = sqlite3.connect

    def noting(path: Any, **how: Any) -> sqlite3.Connection:
        opened.append(str(path))
        return connect(path, **how)

    monkeypatch.setattr(sqlite3, "connect", noting)
    commands.export(load(idle.folder / "config", {}).site(STUDY), ".")
    assert opened == [str(idle.pool / "ledger.sqlite3")]


def test_it_counts_no_cores(idle: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def cores() -> int:
        raise AssertionError("nothing is sealed here")

    monkeypatch.setattr(cipher, "cores", cores)
    idle.export()


def test_disk_and_rows_are_looked_at_again_only_behind_a_round_that_changed_something(
    idle: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[bool] = []
    after = playing.Forecasts.after_round

    def noting(of: playing.Forecasts, *, looked: bool) -> None:
        looks.append(looked)
        after(of, looked=looked)

    monkeypatch.setattr(playing.Forecasts, "after_round", noting)
    idle.export()
    idle.export("study", "Scale1")
    idle.site.put("Scale1", [row(3)])
    idle.export()
    idle.site.fault("status", code=500)
    idle.export(code=69)
    assert looks == [True, False, False, False]


def test_a_file_that_came_between_two_idle_rounds_is_taken_up(idle: Home) -> None:
    idle.export()
    (idle.pool / "raw_data" / "Scale0_Mar_11_2026.json").write_bytes(
        b'{"Scale0_10_00_00": [\n{"id":77,"answer":"a"}\n]}\n'
    )
    idle.export()
    assert "77" in idle.ids("Scale0")


def test_a_file_that_went_between_two_idle_rounds_is_told(idle: Home) -> None:
    idle.export()
    [path] = idle.paths("raw_data", "Scale0")
    path.unlink()
    assert idle.run("export").code == 74
    assert ("files_older", "Scale0") in idle.troubles()
