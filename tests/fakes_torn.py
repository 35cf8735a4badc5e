"""A file system in memory that forgets, tears and reorders what was not synced; no disk is touched.

It stands in for `os` within mtdata/core/disk.py and reach.py, so that these rooms themselves
are under test.
A file's bytes and length are safe once the file was synced; the names in a folder (begun, moved,
taken away) once the folder was.  Everything else is decided by a power cut, at random.  What a
program that was killed has written is there for the next one, and is still not safe.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import count
from pathlib import PurePath
from random import Random
from stat import S_IFDIR, S_IFREG
from typing import NamedTuple

import pytest

from mtdata.core import disk, reach
from tests.torn import Cut, File, Folder, Named, Node, Written

PathLike = PurePath | str


class Listed(NamedTuple):
    """One name of a folder, as scandir gives it."""

    name: str
    node: Node

    def is_file(self) -> bool:
        return isinstance(self.node, File)

    def is_dir(self) -> bool:
        return isinstance(self.node, Folder)

    def is_symlink(self) -> bool:
        return False


class TornOs:
    """What durable.py asks of `os`, over a file system in memory.

    `step` hears of each call that changes what a power cut may leave, before it is carried out:
    cuts at all of them are all the cuts there are.
    """

    O_RDONLY, O_WRONLY, O_RDWR = os.O_RDONLY, os.O_WRONLY, os.O_RDWR
    O_CREAT, O_TRUNC = os.O_CREAT, os.O_TRUNC
    O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK = os.O_DIRECTORY, os.O_NOFOLLOW, os.O_NONBLOCK

    def __init__(self) -> None:
        self.root = Folder()
        self.step: Callable[[str], None] = lambda call: None
        self._open: dict[int, Node] = {}
        self._numbers = count(3)  # files are synced from several threads

    def stand_in(self, patch: pytest.MonkeyPatch) -> None:
        """Be the `os` of the rooms that touch the pool's files."""
        for room in (disk, reach):
            patch.setattr(room, "os", self)

    # The calls

    def stat(
        self, path: PathLike, *, dir_fd: int | None = None, follow_symlinks: bool = True
    ) -> os.stat_result:
        return _stat(self._node(path, dir_fd))

    def fstat(self, number: int) -> os.stat_result:
        return _stat(self._open[number])

    def mkdir(self, path: PathLike, mode: int = 0o777) -> None:
        self.step("mkdir")
        folder, name = self._place(path)
        if name in folder.now:
            raise _refused(errno.EEXIST, path)
        folder.name(Named(name, Folder()))

    def open(
        self, path: PathLike, flags: int, mode: int = 0o777, *, dir_fd: int | None = None
    ) -> int:
        if flags & (os.O_CREAT | os.O_TRUNC):
            self.step("open")
            node: Node = self._begun(path, dir_fd)
        else:
            node = self._node(path, dir_fd)
        if flags & os.O_DIRECTORY and not isinstance(node, Folder):
            raise _refused(errno.ENOTDIR, path)
        if flags & os.O_TRUNC and isinstance(node, File):
            node.write(Written(0, None))
        number = next(self._numbers)
        self._open[number] = node
        return number

    def close(self, number: int) -> None:
        del self._open[number]

    def pread(self, number: int, length: int, at: int) -> bytes:
        return self._file(number).now[at : at + length]

    def pwrite(self, number: int, content: bytes | memoryview, at: int) -> int:
        self.step("pwrite")
        self._file(number).write(Written(at, bytes(content)))
        return len(content)

    def ftruncate(self, number: int, length: int) -> None:
        self.step("ftruncate")
        self._file(number).write(Written(length, None))

    def fsync(self, number: int) -> None:
        self.step("fsync")
        self._open[number].sync()

    def replace(self, old: PathLike, new: PathLike) -> None:
        self.step("replace")
        (folder, before), (there, name) = self._place(old), self._place(new)
        assert folder is there, "a move to another folder is two changes, which none here is"
        if before not in folder.now:
            raise _refused(errno.ENOENT, old)
        folder.name(Named(name, folder.now[before], before))

    def unlink(self, path: PathLike) -> None:
        self.step("unlink")
        folder, name = self._place(path)
        if name not in folder.now:
            raise _refused(errno.ENOENT, path)
        folder.name(Named(name, None))

    def listdir(self, path: PathLike) -> list[str]:
        return [listed.name for listed in self.scandir(path)]

    def scandir(self, path: PathLike | int) -> list[Listed]:
        folder = self._open[path] if isinstance(path, int) else self._node(path)
        if not isinstance(folder, Folder):
            raise _refused(errno.ENOTDIR, str(path))
        return [Listed(name, node) for name, node in folder.now.items()]

    def statvfs(self, path: PathLike) -> os.statvfs_result:
        return os.statvfs_result((4096, 4096, *[1 << 28] * 6, 0, 255))

    # What stands where

    def _node(self, path: PathLike, within: int | None = None) -> Node:
        node: Node = self.root if within is None else self._open[within]
        for part in _parts(path) if within is None else _split(path):
            if not isinstance(node, Folder):
                raise _refused(errno.ENOTDIR, path)
            if part not in node.now:
                raise _refused(errno.ENOENT, path)
            node = node.now[part]
        return node

    def _place(self, path: PathLike) -> tuple[Folder, str]:
        *_, name = _parts(path)
        folder = self._node(_parent(path))
        if not isinstance(folder, Folder):
            raise _refused(errno.ENOTDIR, path)
        return folder, name

    def _begun(self, path: PathLike, within: int | None = None) -> File:
        folder, name = self._place(path) if within is None else (self._open[within], str(path))
        assert isinstance(folder, Folder), "a file within a file"
        if name not in folder.now:
            folder.name(Named(name, File()))
        node = folder.now[name]
        if not isinstance(node, File):
            raise _refused(errno.EISDIR, path)
        return node

    def _file(self, number: int) -> File:
        node = self._open[number]
        assert isinstance(node, File), "bytes of a folder"
        return node

    def files(self) -> dict[str, bytes]:
        """Every file as it is read now, by its path from the root."""
        return dict(_files(self.root, ""))

    def put(self, path: PathLike, content: bytes | None) -> None:
        """Let somebody else write a whole file, or take it away (None), and sync it."""
        folder, name = self._place(path)
        folder.name(Named(name, None if content is None else File(content)))
        folder.sync()

    # The cut

    def lose_power(self, rng: Random) -> None:
        """Find what the machine may find when it starts again; the root before is left as it is."""
        self.root = Cut(rng).folder(self.root)
        self._open.clear()


def _parts(path: PathLike) -> tuple[str, ...]:
    return _split(path)[1:]  # the first is the root itself


@lru_cache(1 << 12)  # a few paths are asked for hundreds of thousands of times
def _split(path: PathLike) -> tuple[str, ...]:
    return PurePath(path).parts


@lru_cache(1 << 12)
def _parent(path: PathLike) -> PurePath:
    return PurePath(path).parent


def _files(folder: Folder, above: str) -> Iterator[tuple[str, bytes]]:
    for name, node in folder.now.items():
        if isinstance(node, Folder):
            yield from _files(node, f"{above}/{name}")
        else:
            yield f"{above}/{name}", node.now


def _stat(node: Node) -> os.stat_result:
    size, mode = (len(node.now), S_IFREG) if isinstance(node, File) else (0, S_IFDIR)
    return os.stat_result((mode, 0, 0, 0, 0, 0, size, 0, 0, 0))


def _refused(number: int, path: PathLike) -> OSError:
    return OSError(number, os.strerror(number), str(path))
