"""A disk in memory: port Disk without a disk; nothing of it outlives the test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mtdata.core.errors import StorageError
from mtdata.core.ports import Room

PIECE = 1 << 20


class MemoryDisk:
    """Port Disk over a dictionary of paths."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.free = Room(1 << 40, 1 << 20)

    def size(self, path: str) -> int | None:
        return len(self.files[path]) if path in self.files else None

    def read(self, path: str, start: int, length: int) -> bytes:
        return self._content(path)[start : start + length]

    def stream(self, path: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        content = self._content(path)
        end = len(content) if length is None else start + length
        for at in range(start, end, PIECE):
            yield content[at : min(at + PIECE, end)]

    def write(self, path: str, start: int, content: bytes) -> None:
        before = self.files.get(path, b"")[:start]
        self.files[path] = before + bytes(start - len(before)) + content

    def stage(self, path: str, pieces: Iterable[bytes]) -> str:
        folder, _, name = path.rpartition("/")
        staged = f"{folder}/.{name}.staged" if folder else f".{name}.staged"
        self.receive(staged, pieces)
        return staged

    def publish(self, staged: str, path: str) -> None:
        self.files[path] = self._content(staged)
        del self.files[staged]

    def draft(self, path: str, pieces: Iterable[bytes]) -> str:
        return self.stage(path, pieces)

    def publish_all(self, drafts: Mapping[str, str]) -> None:
        contents = {path: self._content(draft) for draft, path in drafts.items()}
        self.files |= contents
        for draft in drafts:
            del self.files[draft]

    def confirm(self, path: str) -> None:
        self._content(path)

    def replace(self, path: str, content: bytes) -> None:
        self.publish(self.stage(path, [content]), path)

    def receive(self, path: str, pieces: Iterable[bytes]) -> int:
        self.files[path] = b""
        for piece in pieces:
            self.files[path] += piece
        return len(self.files[path])

    def remove(self, path: str) -> None:
        self.files.pop(path, None)

    def names(self, folder: str) -> list[str]:
        within = (path.rpartition("/") for path in self.files)
        return sorted(name for parent, _, name in within if parent == folder)

    def sizes(self, folder: str) -> dict[str, int]:
        return {name: len(self.files[f"{folder}/{name}"]) for name in self.names(folder)}

    def room(self) -> Room:
        return self.free

    def _content(self, path: str) -> bytes:
        if path not in self.files:
            raise StorageError(f"{path}: cannot read: no such file")
        return self.files[path]
