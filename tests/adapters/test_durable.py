"""Disks: the fake and the real one under one contract, and what only a real one can show."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtdata.adapters.durable import FolderDisk
from mtdata.errors import StorageError
from mtdata.ports import Disk
from tests.contracts.disk_contract import DiskContract
from tests.fakes_disk import MemoryDisk


class TestMemoryDisk(DiskContract):
    @pytest.fixture
    def disk(self) -> Disk:
        return MemoryDisk()


class TestFolderDisk(DiskContract):
    @pytest.fixture
    def disk(self, tmp_path: Path) -> Disk:
        return FolderDisk(tmp_path / "pool")

    def test_folders_and_files_are_the_owners_alone(self, tmp_path: Path, disk: Disk) -> None:
        disk.write("a/b/f", 0, b"x")
        disk.replace("a/g", b"x")
        disk.receive("a/h", [b"x"])
        for path in (tmp_path / "pool").rglob("*"):
            assert path.stat().st_mode & 0o077 == 0

    def test_a_link_in_the_place_of_a_file_is_not_followed(
        self, tmp_path: Path, disk: Disk
    ) -> None:
        disk.write("f", 0, b"x")
        target = tmp_path / "elsewhere"
        target.write_bytes(b"somebody's")
        (tmp_path / "pool" / "link").symlink_to(target)
        for act in (lambda: disk.write("link", 0, b"y"), lambda: disk.receive("link", [b"y"])):
            with pytest.raises(StorageError, match="link"):
                act()
        assert target.read_bytes() == b"somebody's"

    def test_a_file_where_a_folder_should_be_is_told_with_its_path(
        self, tmp_path: Path, disk: Disk
    ) -> None:
        (tmp_path / "pool").write_bytes(b"in the way")
        with pytest.raises(StorageError, match="pool"):
            disk.write("f", 0, b"x")
