"""A disk that is full of what a round was receiving: it makes room, and says what is wrong."""

from __future__ import annotations

import errno
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mtdata.core import disk
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import StorageError
from mtdata.core.sqlite import LedgerDatabase, Schema
from tests.system.home import STUDY, Home, row


def incoming(home: Home) -> list[Path]:
    return list((home.pool / "raw_data" / ".incoming").glob("*"))


def full(*args: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_package_that_did_not_arrive_whole_takes_no_room(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.site.fault("truncated", scale="QOL")
    home.export(code=69)
    assert incoming(home) == []


def test_a_package_for_which_there_is_no_room_leaves_none_of_itself(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.site.put("QOL", [row(1)])
    with monkeypatch.context() as broken:
        broken.setattr(disk, "_write_all", full)
        home.export(code=74)
    assert incoming(home) == []
    told = home.detail("disk_full")
    assert "make room" in told
    assert {kind for kind, _ in home.troubles()} == {"disk_full"}
    assert "benchMark" not in told
    home.export()
    assert home.troubles() == set()
    assert home.ids("QOL") == ["1"]


def test_what_a_killed_round_was_receiving_is_dropped_before_the_ledger_is_opened(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    left = home.pool / "raw_data" / ".incoming" / "BBSIQ.json"
    left.write_bytes(b"[")
    found: list[bool] = []
    opened = LedgerDatabase.__init__

    def noting(self: LedgerDatabase, path: Path | None, schema: Schema, **how: bool) -> None:
        found.append(left.exists())
        opened(self, path, schema, **how)

    monkeypatch.setattr(LedgerDatabase, "__init__", noting)
    home.export()
    assert found == [False]


def test_a_benchmark_file_that_cannot_be_written_is_told_beside_what_ended_the_round(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = FolderDisk.publish

    def refusing(self: FolderDisk, staged: str, path: str) -> None:
        if "benchMark" in path:
            raise StorageError(f"{path}: no room")
        published(self, staged, path)

    home.site.put("BBSIQ", [row(1)])
    home.site.put("QOL", [row(2)])
    home.site.fault("drop", scale="QOL")
    monkeypatch.setattr(FolderDisk, "publish", refusing)
    ended = home.run("export", STUDY)
    assert home.troubles() == {("site_unreachable", ""), ("storage", "")}
    assert (ended.code, len(ended.shown["sites"][STUDY]["faults"])) == (1, 2)
    home.site.heal()
    home.export(code=74)
    assert home.troubles() >= {("storage", "")}
    assert home.ids("QOL") == ["2"]


@pytest.mark.parametrize("folder", ["raw_data/QOL", "active_data/QOL"])
def test_a_file_that_was_begun_and_never_written_is_nothing_wrong(
    home: Home, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    wrote = FolderDisk.write

    def refusing(self: FolderDisk, path: str, start: int, content: bytes) -> None:
        if path.startswith(folder):
            raise StorageError(f"{path}: no room")
        wrote(self, path, start, content)

    home.site.put("QOL", [row(1)])
    with monkeypatch.context() as broken:
        broken.setattr(FolderDisk, "write", refusing)
        home.export(code=74)
    assert incoming(home) == []
    home.now += timedelta(days=1)
    home.export()
    assert home.ids("QOL") == ["1"]
    assert home.is_clean()
