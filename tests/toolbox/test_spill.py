"""What a database put on the disk: gone with it, or cleared by the next, and nothing else is."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from mtdata.core.lock import PoolLock
from mtdata.toolbox.database import opened
from mtdata.toolbox.pools import Pools
from mtdata.toolbox.spill import clear_abandoned

LONG_AGO = (10**9, 10**9)


def abandoned(parent: Path, name: str = "mtdata-spill-x") -> Path:
    """A folder as a killed process leaves it."""
    folder = parent / name
    (folder / "spill").mkdir(parents=True)
    (folder / "spill" / "duckdb_temp_storage.tmp").write_text("answers")
    (folder / ".lock").touch()
    os.utime(folder, LONG_AGO)
    return folder


def test_nothing_is_left_of_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = abandoned(tmp_path)
    with opened(Pools([])) as database:
        assert not left.exists()
        assert [one.stat().st_mode & 0o777 for one in tmp_path.iterdir()] == [0o700]
        sorted_rows = "SELECT i, repeat('x', 200) || i AS s FROM range(1200000) t(i) ORDER BY s"
        assert next(database.batches(sorted_rows)).num_rows
        assert list(tmp_path.glob("*/spill/*")), "it did not fit into memory"
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_one_that_is_at_work_stays(tmp_path: Path) -> None:
    working = abandoned(tmp_path)
    with PoolLock(working).hold():
        os.utime(working, LONG_AGO)
        clear_abandoned(tmp_path)
        assert (working / "spill" / "duckdb_temp_storage.tmp").exists()


def test_a_new_one_and_others_stay(tmp_path: Path) -> None:
    new, other = abandoned(tmp_path, "mtdata-spill-new"), abandoned(tmp_path, "other")
    os.utime(new)
    outside = abandoned(tmp_path / "elsewhere", "kept")
    (tmp_path / "mtdata-spill-link").symlink_to(outside)
    clear_abandoned(tmp_path)
    for folder in (new, other, outside):
        assert (folder / "spill" / "duckdb_temp_storage.tmp").exists()
