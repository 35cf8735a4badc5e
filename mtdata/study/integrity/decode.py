"""Sheets out of raw files again: to compare with active_data, or to stand in for it.

With a ledger the rows come in the order of the sheet, byte for byte; without one, every raw file
gives a sheet of its own.  It changes nothing but its own folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain

from mtdata.core.control import in_utf8
from mtdata.core.csv_lines import csv_line
from mtdata.core.errors import PackageError, StorageError
from mtdata.core.pool_files import RAW
from mtdata.core.ports import Disk
from mtdata.study.files.rawfile import RawEntry, raw_entries
from mtdata.study.files.recovered import RecoveredSheets, replace_all
from mtdata.study.integrity.placing import Placing, not_taken_up, staying
from mtdata.study.integrity.sheet_making import (
    LostBytes,
    SheetMaking,
    WantedSheet,
    counted_lines,
)
from mtdata.study.ledger import Snapshot
from mtdata.study.model.days import worded
from mtdata.study.model.decoded import Decoded
from mtdata.study.model.mark import FORM, FileMark
from mtdata.study.model.package import in_batches
from mtdata.study.model.receipt import NOWHERE, Backup, Kept
from mtdata.study.model.row import columns_of
from mtdata.study.model.row_layout import enveloped, rows_of
from mtdata.study.model.scale import NAME, Scale
from mtdata.study.model.states import FOREIGN
from mtdata.study.pool import Pool

BY_LEDGER = f"{RAW} by the ledger"


@dataclass(slots=True)
class PoolDecoder:
    """The sheets of one pool, made again from its raw files."""

    pool: Pool
    done: list[Decoded] = field(default_factory=list)

    def check(self, scale: str) -> list[Decoded]:
        """Compare every sheet of active_data with what raw gives, byte for byte.

        Sheets of the original program are left out: they have other forms of some values.  Raw
        files with entries that the ledger does not know count as sheets that differ.
        """
        marks = self._sheets(scale, but=FOREIGN)
        shown = self.pool.ledger.snapshots.of_sheet
        wanted = (WantedSheet(m, Decoded(m.path, BY_LEDGER), shown(m.number)) for m in marks)
        for sheet, content in SheetMaking(self.pool).each(wanted):
            decoded = sheet.decoded
            try:
                decoded.difference = self._difference(sheet.mark, content)
            except StorageError as error:  # one sheet's raw bytes are no reason to pass the rest by
                decoded.difference = str(error)
            decoded.identical = not decoded.difference
            self.done.append(decoded)
        for path, words in not_taken_up(self.pool).items():
            self.done.append(Decoded(path, path, difference=words, identical=False))
        return self.done

    def write(self, scale: str, out: Disk, folder: str) -> list[Decoded]:
        """Write every sheet under `folder` of `out` that is not there as it must be."""
        sheets = RecoveredSheets(out, folder)
        try:
            self._write_each(self._sheets(scale), sheets)
        finally:
            sheets.remember()
        return self.done

    def planned(self, scale: str, *, known: bool) -> list[str]:
        """What `write` or, without a ledger, `write_loose` would make sheets from, one by one.

        The largest first: of parts that several carry, the last to end are the small ones.
        """
        if known:
            lengths = {mark.path: mark.length for mark in self._sheets(scale)}
        else:
            sizes = self.pool.disk.sizes(RAW)
            lengths = {f"{RAW}/{name}": sizes.get(name, 0) for name in self._raw_files(scale)}
        return sorted(lengths, key=lengths.__getitem__, reverse=True)

    def write_sheet(self, path: str, out: Disk, folder: str) -> Decoded:
        """Write the sheet of one of the planned paths.  StorageError where raw does not give it."""
        if path.startswith(f"{RAW}/"):
            self._write_loose(path.removeprefix(f"{RAW}/"), out, folder)
            return self.done[-1]
        found = self.pool.ledger.files.standing_at("sheet", path)
        marks = [mark for mark in found if mark.length]
        if not marks:
            raise StorageError(f"{path}: the ledger knows no such sheet any more")
        sheets = RecoveredSheets(out, folder)
        self._write_each(marks[:1], sheets)
        sheets.remember()
        return self.done[-1]

    def _write_each(self, marks: list[FileMark], sheets: RecoveredSheets) -> None:
        tables = self.pool.ledger.snapshots.sheets()
        wanted = (self._wanted(mark, sheets, is_table=mark.number in tables) for mark in marks)
        for sheet, content in SheetMaking(self.pool).each(wanted):
            if not sheet.still:
                self._write(sheet, content, sheets)
            self.done.append(sheet.decoded)

    def _wanted(self, mark: FileMark, sheets: RecoveredSheets, *, is_table: bool) -> WantedSheet:
        snapshot = self.pool.ledger.snapshots.of_sheet(mark.number) if is_table else None
        name, source = mark.path.rpartition("/")[2], self._source(mark, snapshot)
        decoded = Decoded(name, BY_LEDGER)
        if before := sheets.still(mark.scale, name, source):
            decoded.made, decoded.rows, decoded.left_out = False, before.rows, before.left_out
        return WantedSheet(mark, decoded, snapshot, source, before)

    def _write(self, sheet: WantedSheet, content: Iterator[bytes], sheets: RecoveredSheets) -> None:
        decoded = sheet.decoded
        try:
            sheets.write(
                sheet.mark.scale,
                decoded.sheet,
                sheet.source,
                content,
                lambda: (decoded.rows, decoded.left_out),
            )
        except LostBytes as error:
            decoded.difference = f"not written: {error}"
            decoded.rows = decoded.left_out = 0

    def _source(self, mark: FileMark, snapshot: Snapshot | None) -> str:
        """All that a recovered sheet follows from: the ledger's sheet, the keys, our own ways."""
        # proven: before that, nobody held the raw bytes of a table against their digests
        made_of = "" if snapshot is None else f"proven {snapshot.digest.hex()}"
        keys = self.pool.cipher.fingerprint()
        known = [FORM, mark.form, mark.path, mark.length, mark.digest.hex(), *mark.columns]
        return sha256(json.dumps([*known, made_of, keys]).encode()).hexdigest()

    def write_loose(self, scale: str, out: Disk, folder: str) -> list[Decoded]:
        """Without a ledger: a sheet of each raw file, every entry once."""
        for name in self._raw_files(scale):
            self._write_loose(name, out, folder)
        return self.done

    def _raw_files(self, scale: str) -> list[str]:
        stays = self._staying()
        names = self.pool.disk.names(RAW)
        bases = [name.removesuffix(".json") for name in names if name.endswith(".json")]
        return [
            f"{base}.json"
            for base in bases
            if NAME.match(base) and _is_meant(scale, base, self._owner(base, stays), stays)
        ]

    def _write_loose(self, name: str, out: Disk, folder: str) -> None:
        stays, base = self._staying(), name.removesuffix(".json")
        decoded = Decoded(f"{base}.csv", name)
        newest = None  # or the number of the newest snapshot of a scale that must stay
        if self._owner(base, stays) in stays:
            newest = max((one.array for one in self._entries(name, decoded)), default=0)
        path = f"{folder}{base}.csv"
        out.publish(out.stage(path, self._lines(name, newest, decoded)), path)
        self.done.append(decoded)

    def _sheets(self, scale: str, but: str = "") -> list[FileMark]:
        stays = self._staying()
        standing = self.pool.ledger.files.standing("sheet")
        marks = sorted((m for m, state in standing if state != but), key=lambda m: m.number)
        marks = [m for m in marks if m.length]  # one begun and never written is no sheet yet
        if scale == "static":
            return [m for m in marks if m.scale in stays]
        return [m for m in marks if scale in (".", "all") or m.scale.casefold() == scale.casefold()]

    def _staying(self) -> set[str]:
        """Scales that must stay, by the ledger or by the benchmark file."""
        names = {s.name for s in self.pool.ledger.listing.scales() if not s.deleteable}
        return names or staying(self.pool.disk)

    def _owner(self, base: str, scales: set[str]) -> str:
        """The longest of these scales by which a file is named; else all of its name."""
        ends = (i for i in range(len(base) - 1, 0, -1) if base[i] == "_")
        return next((base[:end] for end in ends if base[:end] in scales), base)

    # content ----------------------------------------------------------------------------------

    def _difference(self, mark: FileMark, content: Iterator[bytes]) -> str:
        place, size = 0, self.pool.disk.size(mark.path)
        if size is None:
            return "the sheet is missing"
        for piece in content:
            stands = self.pool.disk.read(mark.path, place, len(piece))
            if stands != piece:
                same = next(
                    (i for i, (a, b) in enumerate(zip(stands, piece, strict=False)) if a != b),
                    len(stands),
                )
                return f"differs at byte {place + same}"
            place += len(piece)
        return "" if place == size else f"goes on behind byte {place}, where raw gives its end"

    # without a ledger ---------------------------------------------------------------------------

    def _entries(self, name: str, decoded: Decoded) -> Iterator[RawEntry]:
        try:
            yield from raw_entries(self.pool.disk.stream(f"{RAW}/{name}"))
        except PackageError as error:
            decoded.difference = str(error)

    def _lines(self, name: str, newest: int | None, decoded: Decoded) -> Iterator[bytes]:
        columns: set[str] = set()
        for backup in self._loose_backups(name, newest, decoded):
            for entry in backup.entries:
                columns.update(columns_of(entry.values))
        decoded.left_out = 0
        named = tuple(sorted(columns))
        self.pool.ledger.listing.begin()
        backups = self._loose_backups(name, newest, decoded)
        row_digest = self.pool.ledger.entries.row_of
        lines = (
            b"".join(counted_lines(rows_of(envelope, answer, row_digest), named, decoded))
            for envelope, answer in self.pool.cipher.unseal_each(map(enveloped, backups))
        )
        return chain([csv_line(named)], lines)

    def _loose_backups(self, name: str, newest: int | None, decoded: Decoded) -> Iterator[Backup]:
        raw = self._entries(name, decoded)
        wanted = (one.entry for one in raw if newest in (None, one.array))
        scale = Scale(name, 0, newest is None)
        named = Placing(self.pool).of(f"{RAW}/{name}")
        erased = self.pool.ledger.erased.tombstones_of(named.scale if named else "")
        for page in in_batches(wanted):
            fresh = self.pool.ledger.listing.newcomers(page) if newest is None else page
            fresh = [e for e in fresh if not (erased and erased.entry(e.id, e.digest))]
            sound = [e for e in fresh if e.values is not None and not e.fault]
            decoded.left_out += len(fresh) - len(sound)
            kept = (Kept(0, e.id, e.digest, NOWHERE, e.values or {}) for e in sound)
            yield Backup(scale, tuple(kept))

    def write_readmes(self, out: Disk, folder: str) -> None:
        """README_<scale>_recovered_<date>.txt: files, first and last, rows, errors."""
        date = worded(self.pool.clock.local(self.pool.clock.now()), "%b_%d_%Y")
        names = {scale.name for scale in self.pool.ledger.listing.scales()}
        by_scale: dict[str, list[Decoded]] = {}
        for one in self.done:
            base = one.sheet.rpartition("/")[2].removesuffix(".csv")
            by_scale.setdefault(self._owner(base, names), []).append(one)
        texts = {}
        for scale, sheets in by_scale.items():
            text = (
                f"scale: {scale}\nfiles: {len(sheets)}\nfirst: {sheets[0].sheet}\n"
                f"last: {sheets[-1].sheet}\nrows recovered: {sum(s.rows for s in sheets)}\n"
                f"entries left out: {sum(s.left_out for s in sheets)}\n"
                f"errors: {'; '.join(s.difference for s in sheets if s.difference) or 'none'}\n"
            )
            texts[f"{folder}README_{scale}_recovered_{date}.txt"] = in_utf8(text).encode()
        replace_all(out, texts)


def _is_meant(word: str, base: str, owner: str, stays: set[str]) -> bool:
    """Whether the command line's word means the raw file `base` of which no ledger knows."""
    if word in (".", "all"):
        return True
    if word == "static" or owner in stays:
        return owner in stays and word.casefold() in ("static", owner.casefold())
    return base.casefold().startswith(f"{word.casefold()}_")
