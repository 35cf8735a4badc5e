"""Folders on disks that may be away: a marker in each, and what the state folder remembers of it.

A disk that is not mounted leaves no folder, or an empty one; whoever wrote there would fill the
root disk, and what was written would be hidden once the disk is back.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from mtdata.adapters.durable import FolderDisk


class KnownFolder:
    """One folder with its marker; `state` None remembers nothing beyond the marker."""

    def __init__(self, folder: Path, marker: str, words: bytes, state: Path | None) -> None:
        self._disk, self._marker, self._words = FolderDisk(folder), marker, words
        self._path = str(folder)
        self._state = FolderDisk(state) if state else None
        self._note = f"place-{sha256(self._path.encode()).hexdigest()[:24]}"

    def is_away(self) -> bool:
        """Whether it was used before, and what is there now has no marker."""
        return self._is_remembered() and not self.is_marked()

    def is_marked(self) -> bool:
        """Whether the marker is there."""
        return self._disk.size(self._marker) is not None

    def take_on(self) -> None:
        """Mark it, if it is not marked, and remember it."""
        if not self.is_marked():
            self._disk.replace(self._marker, self._words)
        self.remember()

    def remember(self) -> None:
        """Know from now on that it bears the marker."""
        if self._state and not self._is_remembered():
            self._state.replace(self._note, f"{self._path}\n".encode())

    def _is_remembered(self) -> bool:
        return self._state is not None and self._state.size(self._note) is not None
