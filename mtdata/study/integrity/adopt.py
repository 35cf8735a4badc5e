"""Files of a pool that its ledger does not know: the original program's, or ours.

Of a ledger that is lost those are all files, of one that was put back the newer ones.  It enters
what raw files, sheets and benchMark.json prove; it writes nothing but the ledger, asks no site.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from itertools import groupby
from typing import Any

from mtdata.core.control import in_utf8
from mtdata.core.errors import PackageError
from mtdata.core.pool_files import HELD, RAW, SHEETS
from mtdata.core.step import Step, Watch, unwatched
from mtdata.study.files.append_file import digest_of
from mtdata.study.files.archive import BETWEEN_ASIDE, CLOSING, starts_of
from mtdata.study.files.rawfile import RawEntry, raw_batches, raw_entries
from mtdata.study.files.sheet_lines import header_of
from mtdata.study.integrity.erased_again import cut_again, has_columns
from mtdata.study.integrity.match import Matching
from mtdata.study.integrity.placing import Placing, Unplaced, by_scale
from mtdata.study.model.days import Named
from mtdata.study.model.mark import FileMark
from mtdata.study.model.package import read_entry
from mtdata.study.model.receipt import Span
from mtdata.study.model.scale import NAME, Scale
from mtdata.study.model.states import CLOSED, ENTERING, FOREIGN, SPARE
from mtdata.study.pool import Pool
from mtdata.study.snapshots import Totals, form_of, without_erased

NO_NAME = "its name is none of a scale and a day; left alone"


@dataclass(slots=True)
class AdoptedTotals:
    """What was found in a pool and entered in its ledger."""

    raw_files: int = 0
    entries: int = 0
    snapshots: int = 0
    sheets: int = 0
    rows: int = 0
    unproven: int = 0
    odd: list[str] = field(default_factory=list)
    unplaced: list[Unplaced] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The form that `--json` prints."""
        odd = [*self.odd, *(one.detail for one in self.unplaced)]
        return asdict(replace(self, unplaced=[])) | {"odd": odd, "unplaced": len(self.unplaced)}

    def summary(self) -> str:
        """One sentence for the incident."""
        return (
            f"{self.raw_files} raw files with {self.entries} entries and {self.snapshots} "
            f"snapshots, {self.sheets} sheets with {self.rows} proven rows and {self.unproven} "
            "that no key opens now"
        )


class Adoption:
    """One pass over the files of a pool that its ledger does not know, be it some or all."""

    def __init__(self, pool: Pool, watch: Watch = unwatched) -> None:
        self._pool, self._watch = pool, watch
        self._at = pool.clock.now()
        self._is_first = not pool.ledger.files.knows_any()
        self._placing = Placing(pool)
        self.unreadable, self.have_listed = self._placing.unreadable, self._placing.have_listed
        self._misnamed: list[str] = []
        self._raw_files: list[tuple[str, Named]] | None = None  # None until they were looked for
        self.scales: set[str] = set()  # those of which raw files were entered
        self.found = AdoptedTotals()

    def play(self) -> AdoptedTotals:
        """The whole pass, told in the ledger as what made it."""
        self.bring_raw()
        self.bring_sheets()
        self.found.entries = self._pool.ledger.adopted.count()
        incidents, now = self._pool.ledger.incidents, self._pool.clock.now()
        incidents.raise_incident("adopted", "", self.found.summary(), now)
        for odd in self.found.odd:
            incidents.raise_incident("adopted", "", odd, now)
        for scale, told in by_scale(self.found.unplaced).items():
            incidents.raise_incident("file_unplaced", scale, told, now)
        return self.found

    def has_raw(self) -> bool:
        """Whether there are raw files with entries that the ledger does not know."""
        self._raw_files = self._named(RAW, "json")
        return any(self._is_news(*one) for one in self._raw_files)

    def bring_raw(self) -> None:
        """Raw files first, in the order of their days: sheets are held against them."""
        self._pool.ledger.adopted.drop_half_entered()
        found = self._named(RAW, "json") if self._raw_files is None else self._raw_files
        for path, named in found:
            self._raw(path, named)
        for path in self._placing.unknown(HELD, "txt"):
            self._held(path)
        self._pool.ledger.adopted.settle()
        for path in (path for path in self._misnamed if path.startswith(RAW)):
            if lost := self._placing.unplaced(path):
                self.found.unplaced.append(lost)
            elif self._is_first:
                self._odd(path, NO_NAME)

    def bring_sheets(self) -> None:
        """Sheets that have a row of an entry, or may have one, that has none by the ledger.

        Not while the raw file of their rows may be one that nobody can place.
        """
        known, files = self._pool.ledger.adopted, self._pool.ledger.files
        for mark, state in files.standing("sheet") if self.scales else ():
            if state == FOREIGN and mark.mode == "grow" and mark.scale in self.scales:
                Matching(self._pool, mark).play()
        for path, named in self._named(SHEETS, "csv"):
            if any(one.blocks(named.scale) for one in self.found.unplaced):
                continue
            if self._is_first or known.is_waited_for(named.scale):
                self._sheet(path, named)
        self._pool.ledger.adopted.settle()

    # names ----------------------------------------------------------------------------------------

    def _named(self, folder: str, ending: str) -> list[tuple[str, Named]]:
        found = []
        for path in self._placing.unknown(folder, ending):
            if named := self._placing.of(path):
                found.append((path, named))
            elif path not in self._misnamed:
                self._misnamed.append(path)
                if folder != RAW and self._is_first:
                    self._odd(path, NO_NAME)
        return sorted(found, key=lambda one: (one[1].moment, one[1].part, one[0]))

    def _odd(self, path: str, told: str) -> None:
        self.found.odd.append(f"{in_utf8(path)}: {told}")

    def _begin(self, path: str, named: Named, kind: str, **more: Any) -> FileMark:
        """Enter a file as it stands, not to be written any more; it counts once it is closed."""
        files, disk = self._pool.ledger.files, self._pool.disk
        disk.confirm(path)  # whoever wrote it may have been killed before it was durable
        length, digest = disk.size(path) or 0, digest_of(disk, path)
        part = files.part_at(path) or files.parts(kind, named.scale, named.day) + 1
        mark = files.fresh_mark(kind, named.scale, named.day, part, path)
        mark = mark._replace(length=length, digest=digest, writing=False, **more)
        return files.begin(mark, ENTERING)

    def _see(self, scale: str) -> Scale:
        met = Scale(scale, 1, self._placing.is_deleteable(scale))
        self._pool.ledger.listing.see(met)
        return met

    # raw files ------------------------------------------------------------------------------------

    def _raw(self, path: str, named: Named) -> None:
        self._watch(Step(path))
        cut_again(self._pool, path, named.scale)
        if not self._is_news(path, named):
            if not self._placing.is_readable(path):  # it is told, and not entered
                return
            self._pool.ledger.files.set_state(self._begin(path, named, "raw").number, SPARE)
            return
        self.found.raw_files += 1
        self.scales.add(named.scale)
        scale = self._see(named.scale)
        mark = self._begin(path, named, "raw", mode="whole")
        source = self._followed(path)
        if scale.deleteable:
            self._entries(mark, source)
        else:
            self._snapshots(mark, source)
        state = CLOSED if self._has_our_form(path) else FOREIGN
        self._pool.ledger.files.set_state(mark.number, state)

    def _is_news(self, path: str, named: Named) -> bool:
        """Whether it holds an entry that the ledger lacks; a copy that was laid there does not.

        A table may come again as it was: each time counts.  So does what was half entered.
        """
        is_table = not self._placing.is_deleteable(named.scale)
        if self._is_first or is_table or self._pool.ledger.files.part_at(path) is not None:
            return True
        return self._placing.unknown_entries(path, named.scale) > 0

    def _has_our_form(self, path: str) -> bool:
        """Whether the file has our form: then entries stand there as they were sent."""
        disk, size = self._pool.disk, self._pool.disk.size(path) or 0
        ending = disk.read(path, max(0, size - len(CLOSING)), len(CLOSING))
        return disk.read(path, 0, 2) == b'{"' and ending == CLOSING

    def _followed(self, path: str) -> Iterator[RawEntry]:
        try:
            yield from raw_entries(self._pool.disk.stream(path))
        except PackageError as error:
            self._odd(path, f"{error}; what stands before is entered")

    def _entries(self, mark: FileMark, source: Iterator[RawEntry]) -> None:
        """Every entry once, whatever the number of files that it stands in."""
        place, book = 0, self._pool.ledger.entries
        for batch in raw_batches(source):
            end = batch[-1].end
            book.back_up(
                mark,
                [(e.entry, Span(mark.number, e.start, len(e.entry.body))) for e in batch],
                key=f"array {batch[0].array}",
                start=place,
                piece=self._pool.disk.read(mark.path, place, end - place),
                at=self._at,
                found=True,
            )
            self.found.entries += len(batch)
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
                totals.add(without_erased(self._pool, mark.scale, [one.entry for one in batch]))
            span = Span(mark.number, first, end - first)
            made = totals.snapshot(mark.scale, mark.day, span, totals.compact_digest())
            self._pool.ledger.snapshots.store(
                mark, parts, snapshot=made, key="adopted", kept_at=self._at.isoformat()
            )
            self.found.snapshots += 1

    def _held(self, path: str) -> None:
        """A file of entries that are no JSON; its name tells scale and digest."""
        scale, _, ending = path.rpartition("/")[2].rpartition("_")
        content = self._pool.disk.read(path, 0, self._pool.disk.size(path) or 0)
        digest = sha256(content)
        if not NAME.fullmatch(scale) or ending != f"{digest.hexdigest()[:24]}.txt":
            if self._is_first:
                self._odd(path, "its bytes are not those that its name tells; left alone")
            return
        met = self._see(scale)
        self._pool.disk.confirm(path)
        files = self._pool.ledger.files
        mark = files.fresh_mark("held", scale, self._at.date().isoformat(), 1, path)
        mark = mark._replace(mode="whole", length=len(content), digest=digest.digest())
        if not met.deleteable:  # a snapshot counts what it left out itself
            files.set_down(mark, self._at.isoformat())
            return
        batch = [read_entry(body) for body in content.split(BETWEEN_ASIDE)]
        self._pool.ledger.entries.hold_aside(mark, batch, starts_of(batch), self._at, found=True)

    # sheets ---------------------------------------------------------------------------------------

    def _sheet(self, path: str, named: Named) -> None:
        self._watch(Step(path))
        cut_again(self._pool, path, named.scale)
        scale = self._see(named.scale)
        header = header_of(self._pool.disk, path)
        mode = "grow" if scale.deleteable else "whole"
        mark = self._begin(path, named, "sheet", columns=header, mode=mode)
        fits = self._rows(mark) if scale.deleteable else self._whole_sheet(mark, scale)
        if fits is None and not self._is_first:  # somebody's own: it has no row that is missing
            self._pool.ledger.adopted.drop_unwanted(mark.number)
            return
        self.found.sheets += 1
        self._pool.ledger.files.set_state(mark.number, CLOSED if fits else FOREIGN)

    def _rows(self, mark: FileMark) -> bool | None:
        """Whether the sheet is, byte for byte, what raw gives; None when no line of it counts."""
        matched = Matching(self._pool, mark).play()
        self.found.rows += matched.proven
        self.found.unproven += matched.unproven
        counts = bool(matched.proven or matched.unproven)
        if matched.strange and (counts or self._is_first):
            self._odd(mark.path, f"{matched.strange} lines are not what raw gives, or stand twice")
        self._pool.ledger.files.set_form(mark.number, (*matched.forms, mark.form)[0])
        fits = matched.exact and has_columns(self._pool, mark, matched.columns)
        return fits if counts else (fits and self._is_first) or None

    def _whole_sheet(self, mark: FileMark, scale: Scale) -> bool | None:
        """The sheet of a table is ours when the day's newest snapshot gives the same bytes."""
        pool = self._pool
        last = pool.ledger.snapshots.last(mark.scale, mark.day)
        if last and has_columns(pool, mark, set(last.columns)) and mark.columns != last.columns:
            last = pool.ledger.snapshots.widen(last, mark.columns)
        found = form_of(pool, scale, last, mark.digest) if last and last.sheet is None else None
        if last is None or found is None:
            return None
        form, sealed = found
        pool.ledger.files.set_form(mark.number, form)
        pool.ledger.snapshots.bind(last, mark.number, sealed, pool.cipher.fingerprint())
        self.found.rows += last.rows - sealed
        return True
