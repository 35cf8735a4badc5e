"""Files that grow by proven appends, and what to do when one is not as it was left.

Write and fsync past the length that the ledger knows; read back; commit the new length.
A torn tail of our own is cut back to the known length; a file that somebody else changed is
never cut or written again: a new part takes its place.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

from mtdata.core.ports import Disk
from mtdata.study.ledger.files import Files
from mtdata.study.model.mark import FORM, FileFinding, FileMark, finding
from mtdata.study.model.states import ASIDE, CLOSED

log = logging.getLogger(__name__)
PathOf = Callable[[int], str]
"""The path that a part of a day's file has, by its number from 1."""


class AppendFile:
    """One file in hand; `mark` is what to commit once the last append was read back."""

    def __init__(self, disk: Disk, mark: FileMark, closing: bytes) -> None:
        self._disk, self._closing, self.mark = disk, closing, mark
        self._hash = hash_of(disk, mark)

    def append(self, content: bytes) -> int:
        """Make `content` durable behind what is known; returns where it starts.  Not committed."""
        start = self.mark.length
        self._disk.write(self.mark.path, start, content + self._closing)
        self._hash.update(content)
        self.mark = self.mark._replace(length=start + len(content), digest=self._hash.digest())
        return start


def hash_of(disk: Disk, mark: FileMark) -> Any:  # hashlib names no type for what it makes
    """A running SHA-256 of the bytes that the ledger knows of a file."""
    return _hashed(disk.stream(mark.path, 0, mark.length) if mark.length else ())


def digest_of(disk: Disk, path: str) -> bytes:
    """SHA-256 of all bytes that stand at that path."""
    digest: bytes = _hashed(disk.stream(path)).digest()
    return digest


def _hashed(pieces: Iterable[bytes]) -> Any:
    digest = sha256()
    for piece in pieces:
        digest.update(piece)
    return digest


def examine(disk: Disk, mark: FileMark, closing: bytes) -> FileFinding:
    """How the file stands to its mark, by length and digest of every byte."""
    size = disk.size(mark.path)
    if size is None:
        return finding(mark, None, b"", b"", closing)
    tail = disk.read(mark.path, mark.length, len(closing) + 1)
    ends = closing if mark.length else b""
    return finding(mark, size, hash_of(disk, mark).digest(), tail, ends)


class DayFiles:
    """The files of one kind: finds the one to go on with, or begins it."""

    def __init__(self, disk: Disk, files: Files, kind: str, closing: bytes) -> None:
        self.disk, self._files, self._kind, self._closing = disk, files, kind, closing
        self.enter: Callable[[str, str, str], None] = lambda kind, scale, detail: None
        """Given what somebody changed, as kind, scale and detail of an incident."""

    def mend_unfinished(self) -> None:
        """Mend what an ended round was writing: called once before anything else is written."""
        for mark in self._files.unfinished():
            if mark.kind == self._kind:
                self._mend(mark)

    def sound(self, scale: str, day: str) -> FileMark | None:
        """The live file of that day if it is as we left it; else it is set aside, and None."""
        mark = self._files.live(self._kind, scale, day)
        return mark if mark is not None and self._mend(mark) else None

    def _mend(self, mark: FileMark) -> bool:
        """Take back the unfinished bytes of a round that ended without a word.

        What it left may be on no disk yet, even if it reads as it should: it is made durable too.
        False for a file that somebody changed, which is set aside.
        """
        found = examine(self.disk, mark, self._closing)
        if found in (FileFinding.CHANGED, FileFinding.MISSING):
            detail = (
                f"{mark.path} is not as it was left; it stays as it is, and a new part takes what "
                "comes. `mtdata verify` says what is wrong and mends it"
            )
            # the evidence is entered first: a kill between the two must not hide it
            self.enter(f"{self._kind}_changed", mark.scale, detail)
            self._files.set_state(mark.number, ASIDE)
            return False
        if mark.length == 0 and found in (FileFinding.UNFINISHED, FileFinding.UNBORN):
            self.disk.remove(mark.path)  # a raw file without entries would not be JSON
        elif found is FileFinding.UNFINISHED:
            self.disk.write(mark.path, mark.length, self._closing)
        elif found is FileFinding.SOUND and mark.writing:
            self.disk.confirm(mark.path)
        return True

    def next_part(self, scale: str, day: str, path_of: PathOf) -> tuple[int, str]:
        """Number and path of a part that neither the ledger nor the disk has yet."""
        part = self._files.parts(self._kind, scale, day) + 1
        while self.disk.size(path_of(part)) is not None:
            part += 1  # a file that is not ours is never written over
        return part, path_of(part)

    def resume(self, scale: str, day: str, path_of: PathOf) -> AppendFile:
        """The day's file, ready for the next append."""
        mark = self.sound(scale, day)
        if mark is not None and self._kind == "sheet" and mark.form != FORM:
            self._files.set_state(mark.number, CLOSED)  # its rows stay as they were worded
            mark = None
        if mark is None or mark.mode != "grow":
            part, path = self.next_part(scale, day, path_of)
            mark = self._files.begin(self._files.fresh_mark(self._kind, scale, day, part, path))
            log.log(logging.INFO if self._kind == "sheet" else logging.DEBUG, "%s is begun", path)
        return AppendFile(self.disk, self._files.take_up(mark), self._closing)
