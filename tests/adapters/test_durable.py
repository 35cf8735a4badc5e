"""Disks: the fake and the real one under one contract, and what only a real one can show."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from mtdata.adapters import durable
from mtdata.adapters.durable import FolderDisk, make_folder
from mtdata.adapters.mounts import file_system_of, kind_in
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


def _without_folder_sync(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Let every sync of a folder be answered as some file systems do."""
    sync = os.fsync

    def answer(file: int) -> None:
        if stat.S_ISDIR(os.fstat(file).st_mode):
            raise OSError(code, os.strerror(code))
        sync(file)

    monkeypatch.setattr(os, "fsync", answer)


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.ENOSYS])
def test_a_file_system_that_cannot_sync_a_folder_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    disk = FolderDisk(tmp_path / "pool")
    disk.write("f", 0, b"x")
    _without_folder_sync(monkeypatch, code)
    for act in (
        lambda: disk.write("g", 0, b"x"),
        lambda: disk.replace("f", b"y"),
        lambda: disk.confirm("f"),
        lambda: disk.remove("g"),
        lambda: make_folder(tmp_path / "other"),
    ):
        with pytest.raises(StorageError, match=r"cannot sync a folder.*SMB/CIFS") as caught:
            act()
        assert "mend the disk" not in str(caught.value)
        assert f"({file_system_of(tmp_path)})" in str(caught.value)


def test_a_folder_that_the_disk_fails_to_sync_is_a_fault_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FolderDisk(tmp_path)
    _without_folder_sync(monkeypatch, errno.EIO)
    with pytest.raises(StorageError, match="mend the disk"):
        disk.replace("f", b"x")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux alone has such a folder")
def test_the_kernel_itself_answers_so_for_a_folder_without_a_sync() -> None:
    with pytest.raises(StorageError, match=r"/proc: its file system \(proc\) cannot sync a folder"):
        durable._sync_folder(Path("/proc"))


def test_the_innermost_mount_has_a_path() -> None:
    table = (
        "rootfs / rootfs rw 0 0\n/dev/sda / ext4 rw 0 0\n//nas/x /mnt/a\\040share cifs rw 0 0\n"
        "tmpfs /mnt tmpfs rw 0 0\nodd\n"
    )
    assert kind_in(table, "/mnt/a share/pool") == "cifs"
    assert kind_in(table, "/mnt/a sharement") == "tmpfs"
    assert kind_in(table, "/mntx") == "ext4"
    assert kind_in("", "/") == ""
