"""A place for exported files that is memory; it can be full or away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from mtdata.core.errors import OutputError
from mtdata.core.output import FileFacts, Staged, checked_name


class MemoryOutput:
    """Port Output over a dict."""

    place = "memory"

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.staged: dict[tuple[str, str], bytes] = {}
        self.is_away = False

    def _look(self) -> None:
        if self.is_away:
            raise OutputError("memory: it cannot be reached")

    def size(self, name: str) -> int | None:
        self._look()
        found = self.files.get(checked_name(name))
        return None if found is None else len(found)

    def stage(self, name: str, spooled: Path, facts: FileFacts, tag: str) -> Staged:
        self._look()
        content = spooled.read_bytes()
        if sha256(content).hexdigest() != facts.sha256:
            raise OutputError("memory: the bytes are not those that were told of")
        self.staged[checked_name(name), tag] = content
        return Staged(name, facts, tag)

    def stage_pieces(self, name: str, pieces: Iterable[bytes], tag: str) -> Staged:
        self._look()
        content = b"".join(pieces)
        self.staged[checked_name(name), tag] = content
        return Staged(name, FileFacts(len(content), sha256(content).hexdigest(), 0), tag)

    def publish(self, staged: Staged) -> str:
        self._look()
        self.files[staged.name] = self.staged.pop((staged.name, staged.ticket))
        return f"memory/{staged.name}"

    def drop(self, name: str) -> None:
        self._look()
        self.staged = {of: content for of, content in self.staged.items() if of[0] != name}

    def sha256(self, name: str) -> str:
        self._look()
        found = self.files.get(checked_name(name))
        return "" if found is None else sha256(found).hexdigest()

    def pieces(self, name: str) -> Iterator[bytes]:
        self._look()
        if name not in self.files:
            raise OutputError(f"memory: there is no {name}")
        yield self.files[checked_name(name)]

    def remove(self, name: str) -> None:
        self._look()
        self.files.pop(checked_name(name), None)

    def link(self, name: str, disposition: str, for_s: int) -> None:
        return None

    def close(self) -> None:
        """Nothing is open."""
