"""Where each row of a person lies in a pool; it changes nothing, and takes along no answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mtdata.core.errors import DamageError
from mtdata.core.pool_files import HELD, RAW, SHEETS
from mtdata.core.step import Step, Watch, unwatched
from mtdata.study.erasure.person import Person
from mtdata.study.erasure.raw_search import RawSearch
from mtdata.study.erasure.studies import with_studies
from mtdata.study.files.append_file import examine
from mtdata.study.files.archive import CLOSING
from mtdata.study.files.cuts import Cut
from mtdata.study.files.rows_found import SheetLines
from mtdata.study.integrity.placing import Placing
from mtdata.study.ledger import LedgerEntry
from mtdata.study.model.copy import copy_name
from mtdata.study.model.mark import FileFinding, FileMark
from mtdata.study.model.package import Entry
from mtdata.study.model.row import cells_digest
from mtdata.study.pool import Pool

UNWELL = (
    "{} is not as the ledger says, so nobody can tell whose rows stand there. Nothing was erased: "
    "let `mtdata verify` find all well first"
)
OURS, OURS_BESIDE = ("README_", "erasure-"), ".provenance.json"
"""How names of files begin, or end, that hold no row."""


class FoundFile(NamedTuple):
    """One file with rows of the person; `number` is that of the ledger, 0 for one it lacks."""

    path: str
    kind: str
    scale: str
    number: int
    rows: int
    cuts: tuple[Cut, ...]


class LooseRow(NamedTuple):
    """A row without an entry of the ledger: its scale, its id and the digest of its cells."""

    scale: str
    id: int | None
    cells: bytes


@dataclass(slots=True, repr=False)
class PersonFound:
    """All that is known of one person in one pool."""

    files: list[FoundFile] = field(default_factory=list)
    entries: dict[int, tuple[str, LedgerEntry]] = field(default_factory=dict)  # by seq, with scale
    rows: set[LooseRow] = field(default_factory=set)
    table_ids: set[tuple[str, int]] = field(default_factory=set)
    table_entries: set[tuple[str, bytes]] = field(default_factory=set)  # those without an id
    untold: Counter[str] = field(default_factory=Counter)  # entries that nobody can open, by scale
    unseen: list[str] = field(default_factory=list)  # files that were not looked into, and why
    nameless: set[str] = field(default_factory=set)  # scales, or files, that name no participant
    copies: dict[str, list[str]] = field(default_factory=dict)  # names of copies, by replica
    on_site: Counter[str] = field(default_factory=Counter)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing of the person here."""
        return not self.files


class PersonSearch:
    """One look through all files of a pool."""

    def __init__(
        self, pool: Pool, person: Person, derived: Sequence[str] = (), watch: Watch = unwatched
    ) -> None:
        """`derived` are the files made of the pool's data, by path."""
        self._pool, self._person, self._derived, self._watch = pool, person, derived, watch
        self._placing = Placing(pool)
        scales = pool.ledger.listing.scales()
        self._tables = {scale.name for scale in scales if not scale.deleteable}
        self._scales = [scale.name for scale in scales]
        self.found = PersonFound()

    def play(self) -> PersonFound:
        """Sheets, what was made of them, entries without a row, raw files; then who else has it."""
        files = list(self._raw_files())
        self._person = with_studies(self._pool, self._person, [one[:2] for one in files])
        self._sheets()
        for path in self._derived:
            self._derived_file(path)
        raw = RawSearch(self._pool, self._person, self.found.untold)
        for scale in self._scales:
            if scale not in self._tables:
                for claim in raw.without_row(scale):
                    self.found.entries[claim.seq] = (scale, claim)
        for path, scale, _ in files:
            if scale in self._tables:
                self._watch(Step(path))
                self._table_ids(raw, path, scale)
        for path, scale, mark in files:
            self._raw_file(raw, path, scale, mark)
        self._elsewhere()
        self.found.files.sort(key=lambda one: (one.kind, one.scale, one.path))
        return self.found

    # sheets ------------------------------------------------------------

    def _sheets(self) -> None:
        marks = {mark.path: mark for mark, _ in self._pool.ledger.files.standing("sheet")}
        names = self._pool.disk.names(SHEETS)
        odd = [f"{SHEETS}/{name}" for name in names if not name.endswith((".csv", ".json"))]
        self.found.unseen += [f"{path}: no sheet by its name" for path in odd]
        for path in sorted({f"{SHEETS}/{n}" for n in names if n.endswith(".csv")} | set(marks)):
            mark = marks.get(path)
            if mark and mark.length:
                self._must_be_well(mark, b"")
            if self._pool.disk.size(path) is not None:
                self._sheet(path, mark)

    def _must_be_well(self, mark: FileMark, closing: bytes) -> None:
        if examine(self._pool.disk, mark, closing) is not FileFinding.SOUND:
            raise DamageError(UNWELL.format(mark.path))

    def _sheet(self, path: str, mark: FileMark | None) -> None:
        self._watch(Step(path))
        scale = mark.scale if mark else self._scale_of(path)
        rows = list(self._rows_of(path, scale))
        self._enter(path, "sheet", scale, mark, [Cut(start, end) for start, end, _ in rows])
        known: set[int] = set()
        if mark and mark.mode == "grow":
            for claim in self._pool.ledger.search.at_lines(mark.number, [r[0] for r in rows]):
                cells = next(
                    row.cells for start, _, row in rows if claim.line and start == claim.line.start
                )
                self.found.entries[claim.seq] = (scale, claim._replace(cells=claim.cells or cells))
                known.add(claim.line.start if claim.line else -1)
        for start, _, row in rows:
            if scale in self._tables and row.id is not None:
                self.found.table_ids.add((scale, row.id))
            elif start not in known:
                self.found.rows.add(row)

    def _rows_of(self, path: str, scale: str) -> Iterator[tuple[int, int, LooseRow]]:
        rows = SheetLines(self._pool.disk, path)
        if not rows.columns:
            self.found.unseen.append(f"{path}: no CSV file that could be read")
            return
        person = self._person
        wanted = set(person.fields_of(scale, rows.columns))
        places = [(place, name) for place, name in enumerate(rows.columns) if name in wanted]
        if not places:
            self.found.nameless.add(scale or path)
            return
        for row in rows.rows(person.trace):
            if any(person.is_cell(scale, name, row.cells[place]) for place, name in places):
                digest = cells_digest(rows.columns, row.cells)
                yield row.start, row.start + row.length, LooseRow(scale, row.id, digest)
        if rows.unread:
            self.found.unseen.append(f"{path}: {rows.unread} rows that cannot be read")

    def _enter(
        self,
        path: str,
        kind: str,
        scale: str,
        mark: FileMark | None,
        cuts: Sequence[Cut],
        rows: int | None = None,
    ) -> None:
        if cuts:
            number, count = (mark.number if mark else 0), len(cuts) if rows is None else rows
            self.found.files.append(FoundFile(path, kind, scale, number, count, tuple(cuts)))

    def _scale_of(self, path: str) -> str:
        named = self._placing.of(path)
        return named.scale if named else ""

    def _derived_file(self, path: str) -> None:
        if path.endswith(".csv"):
            self._watch(Step(path))
            scale = self._scale_of(path)
            cuts = [Cut(start, end) for start, end, _ in self._rows_of(path, scale)]
            self._enter(path, path.partition("/")[0], scale, None, cuts)
        elif not _holds_no_row(path.rpartition("/")[2]):
            self.found.unseen.append(f"{path}: a file of another kind; make it again")

    # raw files ------------------------------------------------------------

    def _raw_files(self) -> Iterator[tuple[str, str, FileMark | None]]:
        """Each raw file, and each damaged one that was kept aside, with its scale."""
        disk, marks = self._pool.disk, self._pool.ledger.files.raw_marks()
        for name in disk.names(RAW):
            path = f"{RAW}/{name}"
            mark, _ = marks.get(path, (None, ""))
            if name.endswith(".json"):
                scale = mark.scale if mark else self._scale_of(path)
                if not scale:
                    self.found.unseen.append(f"{path}: its name is that of no scale and day")
                yield path, scale, mark
            else:
                self.found.unseen.append(f"{path}: no raw file by its name")
        for name in disk.names(HELD):
            scale = name.rpartition("_")[0]
            if name.endswith(".txt") and scale in self._tables:
                self.found.unseen.append(f"{HELD}/{name}: entries of {scale} that are no JSON")
            if ".json.damaged" in name:
                path = f"{HELD}/{name}"
                yield path, self._scale_of(path[: path.index(".damaged")]), None

    def _table_ids(self, raw: RawSearch, path: str, scale: str) -> None:
        for entry in raw.of_table(path, scale):
            if entry.id is None:
                self.found.table_entries.add((scale, entry.digest))
            else:
                self.found.table_ids.add((scale, entry.id))

    def _raw_file(self, raw: RawSearch, path: str, scale: str, mark: FileMark | None) -> None:
        ids = {number for name, number in self.found.table_ids if name == scale}
        digests = {digest for name, digest in self.found.table_entries if name == scale}
        claims = [claim for name, claim in self.found.entries.values() if name == scale]
        digests |= {claim.digest for claim in claims}
        if not ids and not digests:
            return
        self._watch(Step(path))

        def goes(entry: Entry) -> bool:
            return entry.digest in digests or entry.id in ids

        cuts, rows, fault = raw.cuts(path, goes)
        if fault:
            self.found.unseen.append(fault)
        if cuts and mark:
            self._must_be_well(mark, CLOSING if mark.mode == "grow" else b"")
        self._enter(path, "raw" if path.startswith(RAW) else HELD, scale, mark, cuts, rows)

    # who else has it ------------------------------------------------------------

    def _elsewhere(self) -> None:
        copies = self._pool.ledger.copies
        for file in self.found.files:
            if file.kind == "raw" and file.number:
                ranges = {
                    one
                    for cut in file.cuts
                    for one in copies.overlapping(file.number, cut.start, cut.end - cut.start)
                }
                for place in copies.replicas():
                    names = [copy_name(r) for r in sorted(ranges) if copies.is_confirmed(place, r)]
                    self.found.copies.setdefault(place, []).extend(names)
        for seq, (scale, _) in self.found.entries.items():
            self.found.on_site[scale] += self._pool.ledger.search.count_on_site([seq])
        for scale, _ in self.found.table_ids:
            self.found.on_site[scale] += 1


def _holds_no_row(name: str) -> bool:
    return name.startswith(OURS) or name.endswith(OURS_BESIDE)
