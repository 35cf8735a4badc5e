"""A folder as the place for exported files; written beside, read back, then renamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from mtdata.core.disk import SAFE, FolderDisk
from mtdata.core.errors import OutputError, StorageError
from mtdata.core.output.port import FileFacts, Staged, checked_name
from mtdata.core.places import UsedFolder

PIECE = 1 << 20
STANDS = (
    "What stood there stands there still; see OUTPUT in export.config: is there room, and may "
    "this program write there?"
)


class FolderOutput:
    """Port Output over a folder, which is made when it was never used before.

    `state` is where the program remembers that it was: then one in its place is refused.
    """

    def __init__(
        self, folder: Path, beat: Callable[[], None] = lambda: None, state: Path | None = None
    ) -> None:
        # without links: what is entered of a file leads to it for as long as none is put there
        folder = folder.resolve()
        self.place = str(folder)
        self._folder, self._disk = folder, FolderDisk(folder, beat)
        self._used = UsedFolder(folder, state) if state else None

    def size(self, name: str) -> int | None:
        """Port: Output.size."""
        with self._translated_faults():
            return self._disk.size(checked_name(name))

    def stage(self, name: str, spooled: Path, facts: FileFacts, tag: str) -> Staged:
        """Port: Output.stage, without what a killed attempt at this name left."""
        self._meet()
        self.drop(name)
        with self._translated_faults():
            staged = self._disk.stage(f"{checked_name(name)}.{checked_name(tag)}", _pieces(spooled))
            if self._digest(staged) != facts.sha256:
                self._disk.remove(staged)
                raise OutputError(
                    f"{self._folder / name}: the bytes that were read back are not those that were "
                    "written; what stood there stands there still"
                )
        return Staged(name, facts, staged)

    def _meet(self) -> None:
        with self._translated_faults():
            if self._used and self._used.is_away():
                raise OutputError(
                    f"{self._folder}: the folder that was used before is not there; is its disk "
                    f"mounted? Nothing was put there. If a new one is meant: rm {self._used.note}"
                )

    def publish(self, staged: Staged) -> str:
        """Port: Output.publish."""
        with self._translated_faults():
            self._disk.publish(staged.ticket, staged.name)
            if self._used:
                self._used.remember()
        return str(self._folder / staged.name)

    def drop(self, name: str) -> None:
        """Port: Output.drop."""
        folder, _, last = checked_name(name).rpartition("/")
        with self._translated_faults():
            for found in self._disk.names(folder):
                if found.startswith(f".{last}.") and found.endswith(".staged"):
                    self._disk.remove(f"{folder}/{found}".removeprefix("/"))

    def sha256(self, name: str) -> str:
        """Port: Output.sha256."""
        with self._translated_faults():
            return "" if self._disk.size(checked_name(name)) is None else self._digest(name)

    def _digest(self, path: str) -> str:
        digest = sha256()
        for piece in self._disk.stream(path):
            digest.update(piece)
        return digest.hexdigest()

    def pieces(self, name: str) -> Iterator[bytes]:
        """Port: Output.pieces."""
        with self._translated_faults():
            yield from self._disk.stream(checked_name(name))

    def remove(self, name: str) -> None:
        """Port: Output.remove."""
        with self._translated_faults():
            self._disk.remove(checked_name(name))

    def link(self, name: str, disposition: str, for_s: int) -> None:
        """Port: Output.link.  A folder gives nothing out by itself."""

    def close(self) -> None:
        """Port: Output.close."""

    @contextmanager
    def _translated_faults(self) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            raise OutputError(str(error).replace(SAFE, STANDS)) from None


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
