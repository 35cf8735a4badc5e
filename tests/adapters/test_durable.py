"""Disks: the fake and the real one under one contract, and what only a real one can show."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtdata.core import disk as durable
from mtdata.core.disk import FolderDisk, make_folder
from mtdata.core.errors import DamageError, StorageError
from mtdata.core.mounts import file_system_of, kind_in
from mtdata.core.ports import Disk
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

    @pytest.mark.timeout(60)
    @pytest.mark.parametrize("stranger", ["pipe", "folder", "link"])
    def test_what_is_no_regular_file_is_refused_at_once(
        self, tmp_path: Path, disk: Disk, stranger: str
    ) -> None:
        disk.write("a/whole", 0, b"x")
        put(tmp_path / "pool" / "a" / "f", stranger)
        for act in (
            lambda: disk.read("a/f", 0, 1),
            lambda: list(disk.stream("a/f")),
            lambda: disk.write("a/f", 0, b"y"),
            lambda: disk.receive("a/f", [b"y"]),
            lambda: disk.confirm("a/f"),
        ):
            with pytest.raises(StorageError, match="a/f"):
                act()
        assert disk.names("a") == sorted(["whole", *(["f"] if stranger == "pipe" else [])])

    @pytest.mark.parametrize("deep", ["", "b/"])
    def test_a_link_in_the_place_of_a_folder_is_not_followed(
        self, tmp_path: Path, disk: Disk, deep: str
    ) -> None:
        disk.write("f", 0, b"x")
        (tmp_path / "theirs" / "b").mkdir(parents=True)
        (tmp_path / "theirs" / deep / "kept").write_bytes(b"somebody's")
        (tmp_path / "pool" / "a").symlink_to(tmp_path / "theirs")
        before = sorted(tmp_path.joinpath("theirs").rglob("*"))
        for act in (
            lambda: disk.size(f"a/{deep}kept"),
            lambda: disk.read(f"a/{deep}kept", 0, 1),
            lambda: disk.write(f"a/{deep}new", 0, b"y"),
            lambda: disk.stage(f"a/{deep}new", [b"y"]),
            lambda: disk.publish("f", f"a/{deep}new"),
            lambda: disk.receive(f"a/{deep}c/new", [b"y"]),
            lambda: disk.confirm(f"a/{deep}kept"),
        ):
            with pytest.raises(StorageError, match="pool/a"):
                act()
        disk.remove(f"a/{deep}kept")
        assert disk.names(f"a/{deep}".rstrip("/")) == []
        assert sorted(tmp_path.joinpath("theirs").rglob("*")) == before

    @pytest.mark.parametrize("path", ["../f", "a/../../f", "/etc/hostname", "a\0b", "a//f", "a/."])
    def test_a_path_that_leads_out_of_the_folder_is_refused(self, disk: Disk, path: str) -> None:
        disk.write("a/f", 0, b"x")
        for act in (lambda: disk.size(path), lambda: disk.read(path, 0, 1)):
            with pytest.raises(StorageError):
                act()

    @pytest.mark.parametrize(("number", "is_damage"), [(errno.EIO, True), (errno.EMFILE, False)])
    def test_a_read_that_is_refused_is_damage_unless_this_process_lacks_something(
        self, disk: Disk, monkeypatch: pytest.MonkeyPatch, number: int, is_damage: bool
    ) -> None:
        disk.write("a/f", 0, b"x")

        def refused(*where: object) -> bytes:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "pread", refused)
        for act in (lambda: disk.read("a/f", 0, 1), lambda: list(disk.stream("a/f"))):
            with pytest.raises(StorageError) as told:
                act()
            assert isinstance(told.value, DamageError) is is_damage

    def test_a_stretch_that_no_file_has_is_no_fault_of_the_program(self, disk: Disk) -> None:
        disk.write("f", 0, b"abc")
        assert disk.read("f", 1, 2**62) == b"bc"
        assert disk.read("f", 2**63 - 1, 2**63 - 1) == b""
        assert list(disk.stream("f", 2**63, 5)) == []
        with pytest.raises(StorageError):
            disk.read("f", -1, 5)


def put(place: Path, stranger: str) -> None:
    """Put something there that is no regular file."""
    if stranger == "pipe":
        os.mkfifo(place)
    elif stranger == "folder":
        place.mkdir()
    else:
        target = place.with_name("elsewhere")
        target.mkdir()
        place.symlink_to(target)


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


@pytest.mark.parametrize("way", ["stage", "draft"])
def test_a_file_that_cannot_be_made_leaves_nothing_hidden(tmp_path: Path, way: str) -> None:
    def breaks_off() -> Iterator[bytes]:
        yield b"an answer"
        raise ArithmeticError

    disk = FolderDisk(tmp_path)
    with pytest.raises(ArithmeticError):
        getattr(disk, way)("folder/sheet.csv", breaks_off())
    assert disk.names("folder") == []


def test_a_disk_that_knows_no_modes_takes_a_file_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(error: int) -> None:
        def refuse(file: int, mode: int) -> None:
            raise OSError(error, os.strerror(error), file)

        monkeypatch.setattr(os, "fchmod", refuse)

    disk = FolderDisk(tmp_path, mode=0o644)
    refusing(errno.EPERM)
    disk.replace("heads.json", b"{}")
    assert disk.read("heads.json", 0, 9) == b"{}"
    refusing(errno.EIO)
    with pytest.raises(StorageError, match="Input/output error"):
        disk.replace("heads.json", b"[]")
    assert disk.names("") == ["heads.json"]
    assert disk.read("heads.json", 0, 9) == b"{}"
