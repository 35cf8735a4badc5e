"""Folders on disks that may be away: how each is known, and what the state folder remembers of it.

A disk that is not mounted leaves no folder, or an empty one; whoever wrote there would fill the
root disk, and what was written would be hidden once the disk is back.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from mtdata.core.disk import FolderDisk


class KnownFolder:
    """One folder with its marker; `state` None remembers nothing beyond the marker."""

    def __init__(self, folder: Path, marker: str, words: bytes, state: Path | None) -> None:
        self._disk, self._marker, self._words = FolderDisk(folder), marker, words
        self._path = str(folder)
        self._state = FolderDisk(state) if state else None
        self._note = _note(folder)

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


class UsedFolder:
    """One folder that is others' as well, so that no marker may lie there: known by its number.

    The number (inode) is the file system's own, so it stays when the order of disks changes.  A
    folder that holds anything is taken for the one that was used.
    """

    def __init__(self, folder: Path, state: Path) -> None:
        self._folder, self._state = folder, FolderDisk(state)
        self.note = state / _note(folder)

    def is_away(self) -> bool:
        """Whether it was used before, and is gone, or is another one now, with nothing in it."""
        before, now = self._before(), self._number()
        return before not in (None, now) and (now is None or not os.listdir(self._folder))

    def remember(self) -> None:
        """Know it from now on."""
        now = self._number()
        if now is not None and self._before() != now:
            self._state.replace(self.note.name, f"{self._folder}\n{now}\n".encode())

    def _number(self) -> int | None:
        try:
            return os.stat(self._folder).st_ino
        except OSError:
            return None

    def _before(self) -> int | None:
        if self._state.size(self.note.name) is None:
            return None
        words = self._state.read(self.note.name, 0, 1 << 16).split()
        return int(words[-1]) if words and words[-1].isdigit() else None


def _note(folder: Path) -> str:
    return f"place-{sha256(str(folder).encode()).hexdigest()[:24]}"
