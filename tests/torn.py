"""What a disk in memory holds, and what a power cut leaves of it; it serves no call."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple


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
        self.now = written(self.now, change)
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
        renamed(self.now, change)
        self.since.append(change)

    def sync(self) -> None:
        self.safe, self.since = dict(self.now), []


Node = File | Folder


def written(before: bytes, change: Written) -> bytes:
    if change.content is None:
        return before[: change.at].ljust(change.at, b"\0")
    return before[: change.at].ljust(change.at, b"\0") + change.content + before[end_of(change) :]


def end_of(change: Written) -> int:
    return change.at + len(change.content or b"")


def renamed(names: dict[str, Node], change: Named) -> None:
    names.pop(change.old, None)
    if change.node is None:
        names.pop(change.name, None)
    else:
        names[change.name] = change.node


class Again:
    """The same disk once more, safe or not; a file under two names stays one file."""

    def __init__(self) -> None:
        self._known: dict[int, Node] = {}

    def folder(self, before: Folder) -> Folder:
        after = self._known[id(before)] = Folder()
        after.now = {name: self._again(node) for name, node in before.now.items()}
        after.safe = {name: self._again(node) for name, node in before.safe.items()}
        after.since = [
            change._replace(node=change.node and self._again(change.node))
            for change in before.since
        ]
        return after

    def _file(self, before: File) -> File:
        after = self._known[id(before)] = File(before.now)
        after.safe, after.since = before.safe, list(before.since)
        return after

    def _again(self, node: Node) -> Node:
        if found := self._known.get(id(node)):
            return found
        return self.folder(node) if isinstance(node, Folder) else self._file(node)


class Cut:
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
                renamed(names, change._replace(old="") if split else change)
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
                content = written(content, change) if self._lucky() else content
            else:
                for torn in self._torn(change, content):
                    content = written(content, torn)
        return content

    def _torn(self, change: Written, before: bytes) -> Iterator[Written]:
        """The parts of one write that came through, and perhaps a length without the bytes."""
        at, content = change.at, change.content or b""
        way = "whole" if self._lucky() else self._rng.choice(("lost", "byte", 512, 4096, "length"))
        if way != "lost" and end_of(change) > len(before) and way != "byte":
            grown = end_of(change) - max(at, len(before))
            yield Written(end_of(change) - grown, self._filling(grown))
        if way == "whole":
            yield change
        elif way == "byte":
            yield Written(at, content[: self._rng.randrange(len(content) + 1)])
        elif isinstance(way, int):
            for start in range(at - at % way, end_of(change), way):
                first = max(start, at)
                if self._rng.random() < 0.5:
                    yield Written(first, content[first - at : start + way - at])

    def _filling(self, length: int) -> bytes:
        """Zeros, or whatever lay on the disk before."""
        return bytes(length) if self._rng.random() < 0.5 else self._rng.randbytes(length)

    def _lucky(self) -> bool:
        return self._rng.random() < self._kept
