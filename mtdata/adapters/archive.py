"""Raw files: packages as they were sent, one JSON object a scale and day, never rewritten.

{"<Scale>_<TIME>": [entries as sent], ...}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from mtdata.adapters.grown import GrownFile, Shelf
from mtdata.adapters.ledger import Ledger
from mtdata.domain.days import file_name, worded
from mtdata.domain.mark import FileMark
from mtdata.domain.package import Entry
from mtdata.domain.receipt import Package, Span
from mtdata.domain.scale import Scale
from mtdata.errors import StorageError
from mtdata.ports import Disk

CLOSING = b"\n]}\n"
BETWEEN = b",\n"
INCOMING = "raw_data/.incoming"
READ_AHEAD = 1 << 20
NEAR = 256


class Appended(NamedTuple):
    """What one append put into a raw file: to be read back, then committed."""

    mark: FileMark
    key: str
    start: int
    piece: bytes
    spans: list[Span]

    def __repr__(self) -> str:
        return f"Appended({self.mark.path}, {len(self.spans)} entries)"


class FolderArchive:
    """The raw files of one pool."""

    def __init__(self, disk: Disk, ledger: Ledger, date_format: str, time_format: str) -> None:
        self._disk = disk
        self._ledger = ledger
        self._formats = date_format, time_format
        self.shelf = Shelf(disk, ledger.files, "raw", CLOSING)

    def recover(self) -> None:
        """Mend raw files that a round left unfinished, and drop packages that it was receiving."""
        self.shelf.mend_unfinished()
        for name in self._disk.names(INCOMING):
            self._disk.remove(f"{INCOMING}/{name}")

    def receive(self, scale: Scale, chunks: Iterable[bytes], at: datetime) -> Package:
        """Write the package under .incoming while it is hashed; it may be asked for again."""
        path, digest = f"{INCOMING}/{scale.name}.json", sha256()

        def hashed() -> Iterator[bytes]:
            for chunk in chunks:
                digest.update(chunk)
                yield chunk

        length = self._disk.receive(path, hashed())
        return Package(scale, path, length, digest.digest(), at)

    def stream(self, package: Package) -> Iterator[bytes]:
        """The package's bytes again; StorageError when they are not those that were received."""
        digest = sha256()
        for piece in self._disk.stream(package.path):
            digest.update(piece)
            yield piece
        if digest.digest() != package.digest:
            raise StorageError(f"{package.path}: read back other bytes than were received")

    def drop(self, package: Package) -> None:
        """Remove a package that is folded in, or that the site can be asked for again."""
        self._disk.remove(package.path)

    def volume(self, scale: str, local: datetime) -> Volume:
        """The place for one package in its day's raw file."""
        date_format, time_format = self._formats
        date, day = worded(local, date_format), local.date().isoformat()

        def path(part: int) -> str:
            return f"raw_data/{file_name(scale, date, part, 'json')}"

        grown = self.shelf.resume(scale, day, path)
        return Volume(grown, self._free_key(grown.mark, f"{scale}_{worded(local, time_format)}"))

    def _free_key(self, mark: FileMark, key: str) -> str:
        taken, number = key, 1
        while self._ledger.files.has_key(mark.number, taken):
            number += 1
            taken = f"{key}_{number}"
        return taken

    def keep_aside(self, scale: str, entry: Entry) -> str:
        """Keep an entry that is no JSON, byte for byte, under held/; safe to do again."""
        path = f"held/{scale}_{entry.digest.hex()[:24]}.txt"
        self._disk.replace(path, entry.body)
        if self._disk.read(path, 0, len(entry.body) + 1) != entry.body:
            raise StorageError(f"{path}: read back other bytes than were written")
        return path

    def bodies(self, spans: Sequence[Span]) -> Iterator[bytes]:
        """The bytes at each place, in order; neighbours are read in one go."""
        for block in runs(spans):
            start = block[0].start
            length = block[-1].start + block[-1].length - start
            path = self._ledger.files.by_number(block[0].file).path
            content = self._disk.read(path, start, length)
            for _, place, length in block:
                yield content[place - start : place - start + length]

    def matched(self, spans: Sequence[Span], digests: Sequence[bytes]) -> list[bytes | None]:
        """The bytes at each place where they have the digest, None where they do not."""
        found = zip(self.bodies(spans), digests, strict=True)
        return [body if sha256(body).digest() == digest else None for body, digest in found]

    def region(self, span: Span) -> Iterator[bytes]:
        """A stretch of a raw file, in pieces."""
        path = self._ledger.files.by_number(span.file).path
        return self._disk.stream(path, span.start, span.length)


class Volume:
    """One package on its way into a raw file, under a key of its own."""

    def __init__(self, grown: GrownFile, key: str) -> None:
        self._grown = grown
        self._key = key
        self._begun = False

    def append(self, bodies: Sequence[bytes]) -> Appended:
        """Make these entries durable behind those before; reading back and commit are next."""
        head = BETWEEN if self._begun else self._opening()
        piece = head + BETWEEN.join(bodies)
        start = self._grown.append(piece)
        self._begun = True
        spans, place = [], start + len(head)
        for body in bodies:
            spans.append(Span(self._grown.mark.number, place, len(body)))
            place += len(body) + len(BETWEEN)
        return Appended(self._grown.mark, self._key, start, piece, spans)

    def _opening(self) -> bytes:
        name = json.dumps(self._key).encode()
        return (b"\n],\n" if self._grown.mark.length else b"{") + name + b": [\n"


def runs(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Group places that lie close behind one another in one file, up to 1 MiB at a time."""
    block: list[Span] = []
    number, first, end = -1, 0, 0
    for span in spans:
        file, start, length = span
        near = 0 <= start - end <= NEAR and start + length - first <= READ_AHEAD
        if not near or file != number:
            if block:
                yield block
            block, number, first = [], file, start
        block.append(span)
        end = start + length
    if block:
        yield block
