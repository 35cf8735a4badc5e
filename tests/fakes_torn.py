"""A file system in memory that forgets, tears and reorders what was not synced; no disk is touched.

It stands in for `os` within mtdata/adapters/durable.py, so that this room itself is under test.
A file's bytes and length are safe once the file was synced; the names in a folder (begun, moved,
taken away) once the folder was.  Everything else is decided by a power cut, at random.  What a
program that was killed has written is there for the next one, and is still not safe.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import PurePath
from random import Random
from typing import NamedTuple

PathLike = PurePath | str


class Written(NamedTuple):
    """Bytes that were put at a place; `content` None = the file ended there from then on."""

    at: int
    content: bytes | None


class Named(NamedTuple):
    """A name that was given (`node`) or taken away (None); `old` is the name moved away from."""

    name: str
    node: Node | None
    old: str = ""


class File:
    """Bytes as they are read now, as they were when last synced, and what was done since."""

    def __init__(self, content: bytes = b"") -> None:
        self.now = self.safe = content
        self.since: list[Written] = []

    def write(self, change: Written) -> None:
        self.now = _written(self.now, change)
        self.since.append(change)

    def sync(self) -> None:
        self.safe, self.since = self.now, []


class Folder:
    """Names as they are now, as they were when last synced, and what was done since."""

    def __init__(self) -> None:
        self.now: dict[str, Node] = {}
        self.safe: dict[str, Node] = {}
        self.since: list[Named] = []

    def name(self, change: Named) -> None:
        _renamed(self.now, change)
        self.since.append(change)

    def sync(self) -> None:
        self.safe, self.since = dict(self.now), []


Node = File | Folder


def _written(before: bytes, change: Written) -> bytes:
    if change.content is None:
        return before[: change.at].ljust(change.at, b"\0")
    return before[: change.at].ljust(change.at, b"\0") + change.content + before[_end(change) :]


def _end(change: Written) -> int:
    return change.at + len(change.content or b"")


def _renamed(names: dict[str, Node], change: Named) -> None:
    names.pop(change.old, None)
    if change.node is None:
        names.pop(change.name, None)
    else:
        names[change.name] = change.node


class TornOs:
    """What durable.py asks of `os`, over a file system in memory.

    `step` hears of each call that changes what a power cut may leave, before it is carried out:
    cuts at all of them are all the cuts there are.
    """

    O_RDONLY, O_WRONLY, O_RDWR = os.O_RDONLY, os.O_WRONLY, os.O_RDWR
    O_CREAT, O_TRUNC = os.O_CREAT, os.O_TRUNC
    O_DIRECTORY, O_NOFOLLOW = os.O_DIRECTORY, os.O_NOFOLLOW

    def __init__(self) -> None:
        self.root = Folder()
        self.step: Callable[[str], None] = lambda call: None
        self._open: dict[int, Node] = {}
        self._numbers = 2

    # The calls

    def stat(self, path: PathLike) -> os.stat_result:
        return _stat(self._node(path))

    def fstat(self, number: int) -> os.stat_result:
        return _stat(self._open[number])

    def mkdir(self, path: PathLike, mode: int = 0o777) -> None:
        self.step("mkdir")
        folder, name = self._place(path)
        if name in folder.now:
            raise _refused(errno.EEXIST, path)
        folder.name(Named(name, Folder()))

    def open(self, path: PathLike, flags: int, mode: int = 0o777) -> int:
        if flags & (os.O_CREAT | os.O_TRUNC):
            self.step("open")
            node: Node = self._begun(path)
        else:
            node = self._node(path)
        if flags & os.O_DIRECTORY and not isinstance(node, Folder):
            raise _refused(errno.ENOTDIR, path)
        if flags & os.O_TRUNC and isinstance(node, File):
            node.write(Written(0, None))
        self._numbers += 1
        self._open[self._numbers] = node
        return self._numbers

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

    def scandir(self, path: PathLike) -> list[Listed]:
        folder = self._node(path)
        if not isinstance(folder, Folder):
            raise _refused(errno.ENOTDIR, path)
        return [Listed(name, node) for name, node in folder.now.items()]

    # What stands where

    def _node(self, path: PathLike) -> Node:
        node: Node = self.root
        for part in _parts(path):
            if not isinstance(node, Folder):
                raise _refused(errno.ENOTDIR, path)
            if part not in node.now:
                raise _refused(errno.ENOENT, path)
            node = node.now[part]
        return node

    def _place(self, path: PathLike) -> tuple[Folder, str]:
        *_, name = _parts(path)
        folder = self._node(PurePath(path).parent)
        if not isinstance(folder, Folder):
            raise _refused(errno.ENOTDIR, path)
        return folder, name

    def _begun(self, path: PathLike) -> File:
        folder, name = self._place(path)
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

    # The cut

    def lose_power(self, rng: Random) -> None:
        """Find what the machine may find when it starts again; the root before is left as it is."""
        self.root = _Cut(rng).folder(self.root)
        self._open.clear()


class Listed(NamedTuple):
    """One name of a folder, as scandir gives it."""

    name: str
    node: Node

    def is_file(self) -> bool:
        return isinstance(self.node, File)


class _Cut:
    """One outcome of a power cut; a file under two names stays one file."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._known: dict[int, Node] = {}
        self._kept = rng.choice((0.0, 0.3, 0.6, 0.9, 1.0))  # how much of it came through

    def folder(self, before: Folder) -> Folder:
        names = dict(before.safe)
        for change in before.since:
            if self._lucky():
                # A move is two entries of a folder; the old one may outlive it, never both go.
                split = change.node is not None and self._rng.random() < 0.2
                _renamed(names, change._replace(old="") if split else change)
        after = Folder()
        after.now = {name: self._again(node) for name, node in names.items()}
        after.safe = dict(after.now)
        return after

    def _again(self, node: Node) -> Node:
        if id(node) not in self._known:
            made = self.folder(node) if isinstance(node, Folder) else File(self._content(node))
            self._known[id(node)] = made
        return self._known[id(node)]

    def _content(self, file: File) -> bytes:
        changes = list(file.since)
        if self._rng.random() < 0.3:
            self._rng.shuffle(changes)
        content = file.safe
        for change in changes:
            if change.content is None:
                content = _written(content, change) if self._lucky() else content
            else:
                for torn in self._torn(change, content):
                    content = _written(content, torn)
        return content

    def _torn(self, change: Written, before: bytes) -> Iterator[Written]:
        """The parts of one write that came through, and perhaps a length without the bytes."""
        at, content = change.at, change.content or b""
        way = "whole" if self._lucky() else self._rng.choice(("lost", "byte", 512, 4096, "length"))
        if way != "lost" and _end(change) > len(before) and way != "byte":
            grown = _end(change) - max(at, len(before))
            yield Written(_end(change) - grown, self._filling(grown))
        if way == "whole":
            yield change
        elif way == "byte":
            yield Written(at, content[: self._rng.randrange(len(content) + 1)])
        elif isinstance(way, int):
            for start in range(at - at % way, _end(change), way):
                first = max(start, at)
                if self._rng.random() < 0.5:
                    yield Written(first, content[first - at : start + way - at])

    def _filling(self, length: int) -> bytes:
        """Zeros, or whatever lay on the disk before."""
        return bytes(length) if self._rng.random() < 0.5 else self._rng.randbytes(length)

    def _lucky(self) -> bool:
        return self._rng.random() < self._kept


def _parts(path: PathLike) -> tuple[str, ...]:
    return PurePath(path).parts[1:]  # the first is the root itself


def _files(folder: Folder, above: str) -> Iterator[tuple[str, bytes]]:
    for name, node in folder.now.items():
        if isinstance(node, Folder):
            yield from _files(node, f"{above}/{name}")
        else:
            yield f"{above}/{name}", node.now


def _stat(node: Node) -> os.stat_result:
    size = len(node.now) if isinstance(node, File) else 0
    return os.stat_result((0, 0, 0, 0, 0, 0, size, 0, 0, 0))


def _refused(number: int, path: PathLike) -> OSError:
    return OSError(number, os.strerror(number), str(path))
