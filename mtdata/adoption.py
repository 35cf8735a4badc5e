"""A ledger made from the files of a pool: the original program's, or ours whose ledger is lost.

It reads raw files, sheets and benchMark.json and enters what they prove; it writes nothing but the
ledger, and asks no site.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import groupby
from typing import Any

from mtdata.adapters.archive import BETWEEN_ASIDE, CLOSING, starts_of
from mtdata.adapters.rawfile import RawEntry, raw_batches, raw_entries
from mtdata.adapters.sheets import header_of
from mtdata.course import Pool
from mtdata.domain.days import Named, read_name
from mtdata.domain.mark import FileMark
from mtdata.domain.package import read_entry
from mtdata.domain.receipt import Span
from mtdata.domain.scale import Scale, checked_name
from mtdata.errors import NameRefused, PackageError
from mtdata.matching import Matching
from mtdata.snapshots import Totals, sheet_digest

BENCHMARK = "active_data/benchMark.json"


@dataclass(slots=True)
class Adopted:
    """What was found in a pool and entered in its ledger."""

    raw_files: int = 0
    entries: int = 0
    snapshots: int = 0
    sheets: int = 0
    rows: int = 0
    unproven: int = 0
    odd: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """The form that `--json` prints."""
        return asdict(self)

    def told(self) -> str:
        """One sentence for the incident."""
        return (
            f"{self.raw_files} raw files with {self.entries} entries and {self.snapshots} "
            f"snapshots, {self.sheets} sheets with {self.rows} proven rows and {self.unproven} "
            "that no key opens now"
        )


class Adoption:
    """One pass over the files of a pool whose ledger is empty."""

    def __init__(
        self,
        pool: Pool,
        formats: tuple[str, str],
        watch: Callable[[str], None] = lambda path: None,
    ) -> None:
        self._pool, self._formats, self._watch = pool, formats, watch
        self._at = pool.clock.now()
        self._stays = self._staying()
        self.found = Adopted()

    def play(self) -> Adopted:
        """Raw files first, in the order of their days: sheets are held against them."""
        for path, named in self._named("raw_data", "json"):
            self._raw(path, named)
        for name in self._pool.disk.names("held"):
            self._held(name)
        for path, named in self._named("active_data", "csv"):
            self._sheet(path, named)
        self.found.entries = self._pool.ledger.adopted.settle(self._at)
        diary, now = self._pool.ledger.diary, self._pool.clock.now()
        diary.raise_incident("adopted", "", self.found.told(), now)
        for odd in self.found.odd:
            diary.raise_incident("adopted", "", odd, now)
        return self.found

    # names ----------------------------------------------------------------------------------------

    def _named(self, folder: str, ending: str) -> list[tuple[str, Named]]:
        found = []
        for name in self._pool.disk.names(folder):
            base, _, last = name.rpartition(".")
            if last != ending or not base or f"{folder}/{name}" == BENCHMARK:
                continue
            named = read_name(base, *self._formats)
            try:
                checked_name(named and named.scale)
            except NameRefused:
                named = None
            if named is None:
                self._odd(f"{folder}/{name}", "its name is none of a scale and a day; left alone")
            else:
                found.append((f"{folder}/{name}", named))
        return sorted(found, key=lambda one: (one[1].moment, one[1].part, one[0]))

    def _staying(self) -> set[str]:
        """Scales that must stay on the site, as the benchmark file says."""
        size = self._pool.disk.size(BENCHMARK)
        try:
            marks = json.loads(self._pool.disk.read(BENCHMARK, 0, size)) if size else {}
            return {name for name, mark in marks.items() if mark.get("deleteable") is False}
        except (ValueError, AttributeError):
            return set()

    def _odd(self, path: str, told: str) -> None:
        self.found.odd.append(f"{path}: {told}")

    def _begin(self, path: str, named: Named, kind: str, state: str, **more: Any) -> FileMark:
        """Enter a file as it stands: whole, and not to be written any more."""
        files, disk = self._pool.ledger.files, self._pool.disk
        digest, length = sha256(), 0
        for piece in disk.stream(path):
            digest.update(piece)
            length += len(piece)
        part = files.parts(kind, named.scale, named.day) + 1
        mark = files.fresh_mark(kind, named.scale, named.day, part, path)
        mark = mark._replace(length=length, digest=digest.digest(), writing=False, **more)
        return files.begin(mark, state)

    def _see(self, scale: str) -> Scale:
        met = Scale(scale, 1, scale not in self._stays)
        self._pool.ledger.listing.see(met)
        return met

    # raw files ------------------------------------------------------------------------------------

    def _raw(self, path: str, named: Named) -> None:
        self._watch(path)
        self.found.raw_files += 1
        scale = self._see(named.scale)
        state = "closed" if self._is_ours(path) else "foreign"
        mark = self._begin(path, named, "raw", state, mode="whole")
        source = self._followed(path)
        if scale.deleteable:
            self._entries(mark, source)
        else:
            self._snapshots(mark, source)

    def _is_ours(self, path: str) -> bool:
        """Whether the file has our form: then entries stand there as they were sent."""
        disk = self._pool.disk
        size = disk.size(path) or 0
        ending = disk.read(path, max(0, size - len(CLOSING)), len(CLOSING))
        return disk.read(path, 0, 2) == b'{"' and ending == CLOSING

    def _followed(self, path: str) -> Iterator[RawEntry]:
        try:
            yield from raw_entries(self._pool.disk.stream(path))
        except PackageError as error:
            self._odd(path, f"{error}; what stands before is entered")

    def _entries(self, mark: FileMark, source: Iterator[RawEntry]) -> None:
        """Every entry once, whatever the number of files that it stands in."""
        place = 0
        book = self._pool.ledger.entries
        for batch in raw_batches(source):
            end = batch[-1].end
            book.back_up(
                mark,
                [(e.entry, Span(mark.number, e.start, len(e.entry.body))) for e in batch],
                key=f"array {batch[0].array}",
                start=place,
                piece=self._pool.disk.read(mark.path, place, end - place),
                conflicts=frozenset(),
                at=self._at,
            )
            place = end

    def _snapshots(self, mark: FileMark, source: Iterator[RawEntry]) -> None:
        """Each array is the whole table as it stood; ranges lie end to end, as for entries."""
        end = 0
        for _, array in groupby(source, key=lambda one: one.array):
            totals, first = Totals(), -1
            parts: list[tuple[int, int, bytes]] = []
            for batch in raw_batches(array):
                start, end = end, batch[-1].end
                first = batch[0].start if first < 0 else first
                piece = self._pool.disk.read(mark.path, start, end - start)
                parts.append((start, len(piece), sha256(piece).digest()))
                totals.add([one.entry for one in batch])
            span = Span(mark.number, first, end - first)
            made = totals.snapshot(mark.scale, mark.day, span, totals.compact_digest())
            self._pool.ledger.snapshots.store(
                mark, parts, snapshot=made, key="adopted", kept_at=self._at.isoformat()
            )
            self.found.snapshots += 1

    def _held(self, name: str) -> None:
        """A file of entries that are no JSON; its name tells scale and digest."""
        scale, _, ending = name.rpartition("_")
        path = f"held/{name}"
        content = self._pool.disk.read(path, 0, self._pool.disk.size(path) or 0)
        digest = sha256(content)
        if ending != f"{digest.hexdigest()[:24]}.txt":
            self._odd(path, "its bytes are not those that its name tells; left alone")
            return
        self._see(scale)
        files = self._pool.ledger.files
        mark = files.fresh_mark("held", scale, self._at.date().isoformat(), 1, path)
        mark = mark._replace(mode="whole", length=len(content), digest=digest.digest())
        batch = [read_entry(body) for body in content.split(BETWEEN_ASIDE)]
        self._pool.ledger.entries.hold_aside(mark, batch, starts_of(batch), self._at)

    # sheets ---------------------------------------------------------------------------------------

    def _sheet(self, path: str, named: Named) -> None:
        self._watch(path)
        self.found.sheets += 1
        scale = self._see(named.scale)
        header = header_of(self._pool.disk, path)
        mode = "grow" if scale.deleteable else "whole"
        mark = self._begin(path, named, "sheet", "foreign", columns=header, mode=mode)
        if not scale.deleteable:
            self._whole_sheet(mark, scale)
            return
        matched = Matching(self._pool, mark).play()
        self.found.rows += matched.proven
        self.found.unproven += matched.unproven
        if matched.strange:
            self._odd(path, f"{matched.strange} lines are not what raw gives, or stand twice")
        if matched.exact and header == tuple(sorted(matched.columns)):
            self._pool.ledger.files.set_state(mark.number, "closed")

    def _whole_sheet(self, mark: FileMark, scale: Scale) -> None:
        """The sheet of a table is ours when the day's newest snapshot gives the same bytes."""
        pool = self._pool
        last = pool.ledger.snapshots.last(mark.scale, mark.day)
        if last is None:
            return
        digest, sealed = sheet_digest(pool, scale, last)
        if digest == mark.digest:
            pool.ledger.files.set_state(mark.number, "closed")
            pool.ledger.snapshots.bind(last, mark.number, sealed, pool.cipher.fingerprint())
            self.found.rows += last.rows - sealed
