"""A folder as the place for exported files; written beside, read back, then renamed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mtdata.core.disk import FolderDisk
from mtdata.core.errors import OutputError, StorageError
from mtdata.core.output.port import CountedPieces, FileFacts, Staged, checked_name, digest_of
from mtdata.core.places import UsedFolder
from mtdata.core.reach import FULL_SAFE, SAFE

PIECE = 1 << 20
STANDS = (
    "What stood there stands there still; see {}: is there room, and may this program write there?"
)


class FolderOutput:
    """Port Output over a folder, which is made when it was never used before.

    `state` is where the program remembers that it was: then one in its place is refused.
    """

    def __init__(
        self, folder: Path, state: Path | None = None, named: str = "OUTPUT in export.config"
    ) -> None:
        # without links: what is entered of a file leads to it for as long as none is put there
        folder = folder.resolve()
        self.place = str(folder)
        self._folder, self._disk = folder, FolderDisk(folder)
        self._stands = STANDS.format(named)
        self._used = UsedFolder(folder, state) if state else None

    def size(self, name: str) -> int | None:
        """Port: Output.size."""
        with self._translated_faults():
            return self._disk.size(checked_name(name))

    def stage(self, name: str, spooled: Path, facts: FileFacts, tag: str) -> Staged:
        """Port: Output.stage, without what a killed attempt at this name left."""
        staged = self._fill(name, _pieces(spooled), tag)
        return self._proven(Staged(name, facts, staged))

    def stage_pieces(self, name: str, pieces: Iterable[bytes], tag: str) -> Staged:
        """Port: Output.stage_pieces."""
        counted = CountedPieces(pieces)
        try:
            staged = self._fill(name, counted, tag)
        except BaseException:
            with suppress(OutputError):  # what went wrong first is what has to be told
                self.drop(name)
            raise
        return self._proven(Staged(name, counted.facts, staged))

    def _fill(self, name: str, pieces: Iterable[bytes], tag: str) -> str:
        self._meet()
        self.drop(name)
        with self._translated_faults():
            return self._disk.stage(f"{checked_name(name)}.{checked_name(tag)}", pieces)

    def _proven(self, staged: Staged) -> Staged:
        name = staged.name
        with self._translated_faults():
            if digest_of(self._disk.stream(staged.ticket)) != staged.facts.sha256:
                self._disk.remove(staged.ticket)
                raise OutputError(
                    f"{self._folder / name}: the bytes that were read back are not those that were "
                    "written; what stood there stands there still"
                )
        return staged

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
            if self._disk.size(checked_name(name)) is None:
                return ""
            return digest_of(self._disk.stream(name))

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
            told = str(error).replace(FULL_SAFE, self._stands).replace(SAFE, self._stands)
            raise OutputError(told) from None


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
