"""A folder as the place for exported files; written beside, read back, then renamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from mtdata.adapters.durable import FolderDisk
from mtdata.errors import OutputError, StorageError
from mtdata.exports.output.port import Facts, checked_name

PIECE = 1 << 20


class FolderOutput:
    """Port Output over a folder, which is made when it is missing."""

    def __init__(self, folder: Path, beat: Callable[[], None] = lambda: None) -> None:
        self.place = str(folder)
        self._folder, self._disk = folder, FolderDisk(folder, beat)

    def size(self, name: str) -> int | None:
        """Port: Output.size."""
        with self._told():
            return self._disk.size(checked_name(name))

    def put(self, name: str, spooled: Path, facts: Facts) -> str:
        """Port: Output.put."""
        with self._told():
            staged = self._disk.stage(checked_name(name), _pieces(spooled))
            digest = sha256()
            for piece in self._disk.stream(staged):
                digest.update(piece)
            if digest.hexdigest() != facts.sha256:
                self._disk.remove(staged)
                raise OutputError(
                    f"{self._folder / name}: the bytes that were read back are not those that were "
                    "written; what stood there stands there still"
                )
            self._disk.publish(staged, name)
        return str(self._folder / name)

    def pieces(self, name: str) -> Iterator[bytes]:
        """Port: Output.pieces."""
        with self._told():
            yield from self._disk.stream(checked_name(name))

    def remove(self, name: str) -> None:
        """Port: Output.remove."""
        with self._told():
            self._disk.remove(checked_name(name))

    def link(self, name: str, shown: str, for_s: int) -> None:
        """Port: Output.link.  A folder gives nothing out by itself."""

    def close(self) -> None:
        """Port: Output.close."""

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            raise OutputError(str(error)) from None


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
