"""A damaged raw file put back as it was, byte for byte, out of itself and its replicas.

Nothing is guessed: the file takes its place only when all of it has the digest that was committed.
What was damaged is kept beside, under held/.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from mtdata.core.errors import StorageError
from mtdata.core.pool_files import HELD, INCOMING
from mtdata.study.files.archive import CLOSING
from mtdata.study.model.mark import FileMark
from mtdata.study.pool import Pool
from mtdata.study.replicas.copying import raw_from_replicas

PIECE = 1 << 20


class RawRepair:
    """One raw file on its way back."""

    def __init__(self, pool: Pool, mark: FileMark) -> None:
        self._pool, self._mark = pool, mark
        self.restored = 0
        self.kept_as = ""

    def play(self) -> bool:
        """Whether the file is as it was again; False leaves everything as it is."""
        if not self._pool.replicas:
            return False
        name = self._mark.path.rpartition("/")[2]
        digest = sha256()
        try:
            staged = self._pool.disk.stage(f"{INCOMING}/{name}", self._pieces(digest))
        except _Missing:
            return False
        if digest.digest() != self._mark.digest:
            return False
        self._keep_damaged(name)
        self._pool.disk.publish(staged, self._mark.path)
        self._pool.ledger.entries.find_raw(self._mark.number)
        return True

    def _pieces(self, digest: Any) -> Iterator[bytes]:  # hashlib names no type for what it makes
        place = 0
        for start, length, wanted in self._pool.ledger.files.ranges(self._mark.number):
            content = self._range(start, length, wanted)
            digest.update(content)
            yield content
            place = start + length
        for start in range(place, self._mark.length, PIECE):  # what closes an adopted file
            content = self._here(start, min(PIECE, self._mark.length - start))
            digest.update(content)
            yield content
        if self._mark.mode == "grow":
            yield CLOSING

    def _range(self, start: int, length: int, wanted: bytes) -> bytes:
        content = self._here(start, length)
        if sha256(content).digest() == wanted:
            return content
        for one in self._pool.ledger.copies.overlapping(self._mark.number, start, length):
            copy = raw_from_replicas(self._pool, self._mark, one)
            if copy is not None and one.start == start:
                self.restored += 1
                return copy
        raise _Missing(f"{self._mark.path}: no replica has what stood at byte {start}")

    def _here(self, start: int, length: int) -> bytes:
        if self._pool.disk.size(self._mark.path) is None:
            return b""
        return self._pool.disk.read(self._mark.path, start, length)

    def _keep_damaged(self, name: str) -> None:
        disk = self._pool.disk
        if disk.size(self._mark.path) is None:
            return
        number = 1
        while disk.size(path := f"{HELD}/{name}.damaged{number}") is not None:
            number += 1
        disk.publish(disk.stage(path, disk.stream(self._mark.path)), path)
        self.kept_as = path


class _Missing(StorageError):
    """A range that neither the file nor a replica has."""
