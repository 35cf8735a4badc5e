"""A pool whose lock was lost is not touched any more, whatever was under way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mtdata.core.errors import BusyError
from mtdata.core.lock import HeldLock
from mtdata.study.operations.opening import HeldDisk

STAGED, DRAFT = ".new.csv.staged", ".draft.csv.staged"
ACTS: dict[str, Callable[[HeldDisk], object]] = {
    "confirm": lambda disk: disk.confirm("old.csv"),
    "draft": lambda disk: disk.draft("other.csv", [b"other"]),
    "publish": lambda disk: disk.publish(STAGED, "old.csv"),
    "publish all": lambda disk: disk.publish_all({DRAFT: "old.csv"}),
    "read": lambda disk: disk.read("old.csv", 0, 3),
    "remove": lambda disk: disk.remove("old.csv"),
    "replace": lambda disk: disk.replace("old.csv", b"new"),
    "stage": lambda disk: disk.stage("other.csv", [b"other"]),
    "write": lambda disk: disk.write("old.csv", 0, b"new"),
}


@pytest.mark.parametrize("act", ACTS)
def test_behind_the_loss_of_its_lock_nothing_is_named_written_or_taken_away(
    tmp_path: Path, act: str
) -> None:
    lock = tmp_path / ".lock"
    lock.touch()
    disk = HeldDisk(tmp_path, HeldLock(lock, lock.stat()), lambda: None)
    disk.replace("old.csv", b"old")
    assert disk.stage("new.csv", [b"new"]) == STAGED
    assert disk.draft("draft.csv", [b"draft"]) == DRAFT
    lock.rename(tmp_path / "away")
    lock.touch()  # somebody else's
    with pytest.raises(BusyError):
        ACTS[act](disk)
    files = {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")}
    assert files == {"old.csv": b"old"}
    assert (tmp_path / STAGED).read_bytes() == b"new"
    assert (tmp_path / DRAFT).read_bytes() == b"draft"
