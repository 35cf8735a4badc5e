"""Receipts out of the ledger: what it claims is read again before anything rests on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from mtdata.study.ledger import LedgerEntry
from mtdata.study.model.package import read_entry
from mtdata.study.model.receipt import Backup, Kept, Placed, Rows, Sheet, Verified
from mtdata.study.model.row import cells_digest
from mtdata.study.pool import ScaleRun
from mtdata.study.replicas.copying import Copying


def waiting(course: ScaleRun) -> Iterator[Backup]:
    """Entries that are safe here and want a row: left over, or held and worth a try."""
    fingerprint = course.pool.cipher.fingerprint()
    for claims in course.pool.ledger.entries.waiting(course.scale.name, fingerprint):
        kept = [
            _unread(c)._replace(values=read_entry(body).values or {})
            for c, body in _proven(course, claims)
            if body is not None
        ]
        if kept:
            yield Backup(course.scale, tuple(kept))


def owed(course: ScaleRun) -> Iterator[Sheet]:
    """Entries that are safe here and, by the listing just read, still on the site."""
    for claims in course.pool.ledger.entries.owed(course.scale.name):
        doubtful = _doubtful(course, claims)
        sure = (claim for claim in claims if claim.id not in doubtful)
        in_order = sorted(sure, key=lambda c: c.line or c.span)
        for number, group in groupby(in_order, key=lambda c: c.sheet):
            if number is not None:
                yield _sheet(course, number, list(group))


def _doubtful(course: ScaleRun, claims: list[LedgerEntry]) -> set[int | None]:
    """Ids of several versions, one of them not proven: a delete by id would take all of them."""
    times = Counter(claim.id for claim in claims)
    versions = [claim for claim in claims if times[claim.id] > 1]
    lost = {c.id for c, body in _proven(course, versions) if body is None}
    changed = {c.id for c in versions if not _stands(course, c)}
    if changed:
        course.damaged(
            "sheet_changed",
            f"of {len(changed)} ids with several versions a row is not in its sheet as it was "
            "written; they are not deleted on the site. `mtdata verify` says which and mends them",
        )
    return lost | changed


def _stands(course: ScaleRun, claim: LedgerEntry) -> bool:
    if claim.sheet is None or claim.line is None:
        return False
    columns = course.pool.ledger.files.by_number(claim.sheet).columns
    [cells] = course.pool.sheets.lenient([claim.line])
    return len(cells) == len(columns) and cells_digest(columns, cells) == claim.cells


def _sheet(course: ScaleRun, number: int, claims: list[LedgerEntry]) -> Sheet:
    kept = [None if body is None else _unread(c) for c, body in _proven(course, claims)]
    lines = tuple(
        Placed(entry, claim.cells, claim.line)
        for entry, claim in zip(kept, claims, strict=True)
        if entry is not None and claim.line is not None and claim.cells is not None
    )
    columns = course.pool.ledger.files.by_number(number).columns
    backup = Backup(course.scale, tuple(line.entry for line in lines))
    return Sheet(Rows(backup, (), ()), number, columns, lines)


def _unread(claim: LedgerEntry) -> Kept:
    """What a delete needs of an entry: not its answers."""
    return Kept(claim.seq, claim.id, claim.digest, claim.span, {})


def _proven(
    course: ScaleRun, claims: Sequence[LedgerEntry]
) -> list[tuple[LedgerEntry, bytes | None]]:
    """Each with its raw bytes if they still have their digest; the others are told of.

    A disk that refuses to read is a StorageError: what it holds may be whole, and to fetch it
    again would put it into the raw files twice.
    """
    bodies = course.pool.archive.matched([c.span for c in claims], [c.digest for c in claims])
    lost = [c.seq for c, body in zip(claims, bodies, strict=True) if body is None]
    if lost:
        course.pool.ledger.entries.lose_raw(lost)
        course.damaged(
            "raw_changed",
            f"{len(lost)} entries have other raw bytes than were backed up; they are not deleted, "
            "and are fetched again while the site has them",
        )
    return list(zip(claims, bodies, strict=True))


class LedgerSheet:
    """Port SheetInHand for lines that the ledger names: to be read back, never written."""

    may_differ = True

    def __init__(self, course: ScaleRun, copying: Copying) -> None:
        self._course = course
        self._copying = copying
        self.doubtful = 0

    def place(self, rows: Rows) -> Sheet:
        """Lines that the ledger names stand already."""
        raise AssertionError("a sheet from the ledger takes no rows")

    def read_back(self, sheet: Sheet) -> Iterator[bool]:
        """Whether the cells that stand there now have the digest of those that were written."""
        back = self._course.pool.sheets.lenient([line.span for line in sheet.lines])
        for line, cells in zip(sheet.lines, back, strict=True):
            is_whole = len(cells) == len(sheet.columns)
            yield is_whole and cells_digest(sheet.columns, cells) == line.digest

    def copied(self, lines: Sequence[Placed]) -> frozenset[int]:
        """The entries whose raw bytes every replica of the pool confirms in this round."""
        return self._copying.confirmed(line.entry for line in lines)

    def accept(self, verified: Verified) -> None:
        """Tell of lines that are not as they were written."""
        self.doubtful += len(verified.sheet.rows.backup.entries) - len(verified.sheet.lines)
        if self.doubtful:
            self._course.damaged(
                "sheet_changed",
                f"{self.doubtful} rows are not in their sheet as they were written; they are not "
                "deleted on the site. `mtdata verify` says which and mends them",
            )
