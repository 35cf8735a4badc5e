"""Raw files: packages as they were sent, one JSON object a scale and day, never rewritten.

{"<Scale>_<TIME>": [entries as sent], ...}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from itertools import accumulate, chain, count
from typing import NamedTuple, TypeVar

from mtdata.core.errors import DamageError, MTDataError, StorageError
from mtdata.core.pool_files import FORMATS, HELD, INCOMING, RAW
from mtdata.core.ports import Disk
from mtdata.study.files import json_of
from mtdata.study.files.append_file import AppendFile, DayFiles
from mtdata.study.files.neighbours import READ_AHEAD
from mtdata.study.ledger import Classified, Ledger, LedgerEntry
from mtdata.study.ledger.files import Files
from mtdata.study.model.days import file_name, worded
from mtdata.study.model.mark import FileMark
from mtdata.study.model.package import Entry, read_entry
from mtdata.study.model.receipt import Package, Span
from mtdata.study.model.row import plain
from mtdata.study.model.scale import Scale

CLOSING = b"\n]}\n"
BETWEEN = b",\n"
BETWEEN_ASIDE = b"\n\x1e"  # as between JSON texts in RFC 7464: what is no JSON may hold line ends
NEAR = 256
Place = tuple[int, int, int]
"""A Span, or as much without the names: file, first byte, length."""
AnyPlace = TypeVar("AnyPlace", bound=Place)
RawBodies = list[tuple[LedgerEntry, bytes | None]]
"""Entries of the ledger with their raw bytes, None where these have another digest."""


class Formats(NamedTuple):
    """How the config words a day and a time of day in the names of files, as strftime does."""

    date: str
    time: str


DEFAULT = Formats("%b_%d_%Y", "%H_%M_%S")
"""That of the original program; never written down, since it is always tried."""


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
        self._disk, self._ledger = disk, ledger
        self.formats = Formats(date_format, time_format)
        self.day_files = DayFiles(disk, ledger.files, "raw", CLOSING)

    def recover(self) -> None:
        """Mend raw files that a round left unfinished, and drop packages that it was receiving."""
        self.day_files.mend_unfinished()
        for name in self._disk.names(HELD):
            if name.endswith(".staged"):  # its content has its name, or comes again
                self._disk.remove(f"{HELD}/{name}")
        drop_incoming(self._disk)

    def receive(self, scale: Scale, chunks: Iterable[bytes]) -> Package:
        """Write the package under .incoming while it is hashed; it may be asked for again."""
        path, digest = f"{INCOMING}/{scale.name}.json", sha256()

        def hashed() -> Iterator[bytes]:
            for chunk in chunks:
                digest.update(chunk)
                yield chunk

        try:
            length = self._disk.receive(path, hashed())
        except MTDataError:  # the site has all of it still, and a full disk wants the room back
            with suppress(StorageError):
                self._disk.remove(path)
            raise
        return Package(scale, path, length, digest.digest())

    def stream(self, package: Package) -> Iterator[bytes]:
        """The package's bytes again; DamageError when they are not those that were received."""
        digest = sha256()
        for piece in self._disk.stream(package.path):
            digest.update(piece)
            yield piece
        if digest.digest() != package.digest:
            raise DamageError(f"{package.path}: read back other bytes than were received")

    @contextmanager
    def folding_in(self, package: Package) -> Iterator[None]:
        """Remove the package when it is folded in, and when that fails: the site has it still.

        On a full disk it is what stands in the way of the very line that tells so.
        """
        try:
            yield
        except MTDataError:
            with suppress(StorageError):
                self._disk.remove(package.path)
            raise
        self._disk.remove(package.path)

    def volume(self, scale: str, local: datetime) -> Volume:
        """The place for one package in its day's raw file."""
        date_format, time_format = self.formats
        date, day = worded(local, date_format), local.date().isoformat()

        def path(part: int) -> str:
            return f"{RAW}/{file_name(scale, date, part, 'json')}"

        file = self.day_files.resume(scale, day, path)
        return Volume(file, self._free_key(file.mark, f"{scale}_{worded(local, time_format)}"))

    def _free_key(self, mark: FileMark, key: str) -> str:
        names = chain([key], (f"{key}_{number}" for number in count(2)))
        return next(n for n in names if not self._ledger.files.has_key(mark.number, n))

    def keep_aside(self, scale: str, day: str, batch: Sequence[Entry]) -> FileMark:
        """Keep entries that are no JSON, byte for byte, in one file under held/; safe to do again.

        One file a batch: a site gone wrong may send a hundred thousand of them.
        DamageError where they read back as others.
        """
        content = BETWEEN_ASIDE.join(entry.body for entry in batch)
        digest = sha256(content)
        path = f"{HELD}/{scale}_{digest.hexdigest()[:24]}.txt"
        self._disk.replace(path, content)
        if self._disk.read(path, 0, len(content) + 1) != content:
            raise DamageError(f"{path}: read back other bytes than were written")
        mark = self._ledger.files.fresh_mark("held", scale, day, 1, path)
        return mark._replace(mode="whole", length=len(content), digest=digest.digest())

    def bodies(self, spans: Sequence[Place]) -> Iterator[bytes]:
        """The bytes of each entry, in order, b"" where the file is gone."""
        return stretches(self._disk, self._ledger.files, spans)

    def matched(self, spans: Sequence[Place], digests: Sequence[bytes]) -> list[bytes | None]:
        """The bytes at each place where they have the digest, None where they do not."""
        found = zip(self.bodies(spans), digests, strict=True)
        return [body if sha256(body).digest() == digest else None for body, digest in found]

    def lacking(self, claims: Sequence[LedgerEntry]) -> list[int]:
        """The seq of each whose raw bytes are not there; it has few of them in memory at a time."""
        found = zip(claims, self.bodies([c.span for c in claims]), strict=True)
        return [claim.seq for claim, body in found if sha256(body).digest() != claim.digest]

    def claimed(self, claims: Sequence[LedgerEntry]) -> RawBodies:
        """The bytes that stand where the ledger says that these entries do."""
        bodies = self.matched([c.span for c in claims], [c.digest for c in claims])
        return list(zip(claims, bodies, strict=True))

    def same_values(self, scale: str, classified: Classified) -> dict[bytes, LedgerEntry]:
        """Conflicts that are none, by digest: the original program kept the same values reworded.

        Its raw files hold what its own library made of an entry, not the bytes as sent.
        """
        fresh = {
            e.id: e
            for e in classified.fresh
            if e.id is not None and e.digest in classified.conflicts
        }
        claims = list(self._ledger.adopted.foreign(scale, fresh).values()) if fresh else []
        return {
            fresh[claim.id].digest: claim
            for claim, body in self.claimed(claims)
            if body and claim.id and _same_values(body, fresh[claim.id].body)
        }

    def region(self, span: Span) -> Iterator[bytes]:
        """A stretch of a raw file, in pieces."""
        path = self._ledger.files.by_number(span.file).path
        return self._disk.stream(path, span.start, span.length)


class Volume:
    """One package on its way into a raw file, under a key of its own."""

    def __init__(self, file: AppendFile, key: str) -> None:
        self._file, self._key = file, key
        self._begun = False

    def append(self, bodies: Sequence[bytes]) -> Appended:
        """Make these entries durable behind those before; reading back and commit are next."""
        head = BETWEEN if self._begun else self._opening()
        piece = head + BETWEEN.join(bodies)
        start = self._file.append(piece)
        self._begun = True
        spans, place = [], start + len(head)
        for body in bodies:
            spans.append(Span(self._file.mark.number, place, len(body)))
            place += len(body) + len(BETWEEN)
        return Appended(self._file.mark, self._key, start, piece, spans)

    def _opening(self) -> bytes:
        name = json.dumps(self._key).encode()
        return (b"\n],\n" if self._file.mark.length else b"{") + name + b": [\n"


def starts_of(batch: Sequence[Entry]) -> list[int]:
    """Where entries begin that lie one behind the other in a file under held/."""
    lengths = (len(entry.body) + len(BETWEEN_ASIDE) for entry in batch)
    return list(accumulate(lengths, initial=0))[:-1]


def _same_values(one: bytes, other: bytes) -> bool:
    """Whether two entries hold the same, whatever the order of their fields; 1 is not 1.0."""
    values = (plain(read_entry(body).values) for body in (one, other))
    first, second = (json.dumps(value, sort_keys=True) for value in values)
    return first == second and "Infinity" not in first


def formats_of(disk: Disk, now: Formats) -> list[Formats]:
    """Every format that a file may be named by: that of today first, the defaults last."""
    return list(dict.fromkeys([now, *_read_formats(disk), DEFAULT]))


def keep_format(disk: Disk, now: Formats) -> None:
    """Write down that files are named so from now on; the list lies there as long as the pool."""
    if now != DEFAULT and now not in (kept := _read_formats(disk)):
        text = json.dumps([*kept, now], indent=1)
        disk.replace(FORMATS, f"{text}\n".encode())


def _read_formats(disk: Disk) -> list[Formats]:
    """Those that files were ever named by; asked only where the ledger does not know the files."""
    try:
        return [Formats(str(date), str(time)) for date, time in json_of(disk, FORMATS)]
    except (ValueError, TypeError):  # there is none, or somebody wrote into it
        return []


def drop_incoming(disk: Disk) -> None:
    """Remove packages that a round was receiving when it ended; the site can be asked again.

    It asks no ledger: on a disk that these packages filled, not even that can be opened.
    """
    for name in disk.names(INCOMING):
        disk.remove(f"{INCOMING}/{name}")


def stretches(disk: Disk, files: Files, spans: Sequence[Place]) -> Iterator[bytes]:
    """The bytes at each place, in order, b"" where the file is gone; a refusal is no loss."""
    for block in runs(spans):
        number, start, _ = block[0]
        _, last, many = block[-1]
        path = files.path_of(number) or files.by_number(number).path
        content = _there(disk, path, start, last + many - start)
        yield from [content[place - start : place - start + many] for _, place, many in block]


def _there(disk: Disk, path: str, start: int, length: int) -> bytes:
    try:
        return disk.read(path, start, length)
    except StorageError:
        if disk.size(path) is None:
            return b""
        raise


def runs(spans: Iterable[AnyPlace]) -> Iterator[list[AnyPlace]]:
    """Group places that lie close behind one another in one file, up to 1 MiB at a time."""
    block: list[AnyPlace] = []
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
