"""Receipts out of the ledger: what it claims is read again before anything rests on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from mtdata.study.ledger import LedgerEntry
from mtdata.study.model.package import read_entry
from mtdata.study.model.receipt import Backup, Kept, Placed, Rows, Sheet, Verified
from mtdata.study.model.row import cells_digest
from mtdata.study.model.step_notice import StepNotice, StepNoticeKind
from mtdata.study.pool import ScaleRun
from mtdata.study.replicas.copying import Copying


class RawProof(NamedTuple):
    """Entries with their raw bytes, None where they have another digest, and what is told of it."""

    bodies: list[tuple[LedgerEntry, bytes | None]]
    notices: tuple[StepNotice, ...]


def waiting(run: ScaleRun) -> Iterator[Backup]:
    """Entries that are safe here and want a row: left over, or held and worth a try."""
    fingerprint = run.pool.cipher.fingerprint()
    for claims in run.pool.ledger.entries.waiting(run.scale.name, fingerprint):
        proof = _proof(run, claims)
        kept = tuple(
            _unread(c)._replace(values=read_entry(body).values or {})
            for c, body in proof.bodies
            if body is not None
        )
        yield Backup(run.scale, kept, notices=proof.notices)


def owed(run: ScaleRun) -> Iterator[Sheet]:
    """Entries that are safe here and, by the listing just read, still on the site."""
    for claims in run.pool.ledger.entries.owed(run.scale.name):
        doubtful, notices = _doubtful(run, claims)
        if notices:
            yield _sheet_of(run, 0, (), (), notices)
        sure = (claim for claim in claims if claim.id not in doubtful)
        in_order = sorted(sure, key=lambda c: c.line or c.span)
        for number, group in groupby(in_order, key=lambda c: c.sheet):
            if number is not None:
                yield _sheet(run, number, list(group))


def _doubtful(
    run: ScaleRun, claims: list[LedgerEntry]
) -> tuple[set[int | None], tuple[StepNotice, ...]]:
    """Ids of several versions, one of them not proven: a delete by id would take all of them."""
    times = Counter(claim.id for claim in claims)
    versions = [claim for claim in claims if times[claim.id] > 1]
    proof = _proof(run, versions)
    lost = {c.id for c, body in proof.bodies if body is None}
    changed = {c.id for c in versions if not _stands(run, c)}
    notices = proof.notices
    if changed:
        detail = (
            f"of {len(changed)} ids with several versions a row is not in its sheet as it was "
            "written; they are not deleted on the site. `mtdata verify` says which and mends them"
        )
        notices += (run.damage(StepNoticeKind.SHEET_CHANGED, detail),)
    return lost | changed, notices


def _stands(run: ScaleRun, claim: LedgerEntry) -> bool:
    if claim.sheet is None or claim.line is None:
        return False
    columns = run.pool.ledger.files.by_number(claim.sheet).columns
    [cells] = run.pool.sheets.lenient([claim.line])
    return len(cells) == len(columns) and cells_digest(columns, cells) == claim.cells


def _sheet(run: ScaleRun, number: int, claims: list[LedgerEntry]) -> Sheet:
    proof = _proof(run, claims)
    lines = tuple(
        Placed(_unread(claim), claim.cells, claim.line)
        for claim, body in proof.bodies
        if body is not None and claim.line is not None and claim.cells is not None
    )
    columns = run.pool.ledger.files.by_number(number).columns
    return _sheet_of(run, number, columns, lines, proof.notices)


def _sheet_of(
    run: ScaleRun,
    number: int,
    columns: tuple[str, ...],
    lines: tuple[Placed, ...],
    notices: tuple[StepNotice, ...],
) -> Sheet:
    backup = Backup(run.scale, tuple(line.entry for line in lines))
    return Sheet(Rows(backup, (), ()), number, columns, lines, is_new=False, notices=notices)


def _unread(claim: LedgerEntry) -> Kept:
    """What a delete needs of an entry: not its answers."""
    return Kept(claim.seq, claim.id, claim.digest, claim.span, {})


def _proof(run: ScaleRun, claims: Sequence[LedgerEntry]) -> RawProof:
    """Read each entry's raw bytes; those that have not their digest any more are lost.

    A disk that refuses to read is a StorageError: what it holds may be whole, and to fetch it
    again would put it into the raw files twice.
    """
    bodies = run.pool.archive.matched([c.span for c in claims], [c.digest for c in claims])
    lost = [c.seq for c, body in zip(claims, bodies, strict=True) if body is None]
    notices: tuple[StepNotice, ...] = ()
    if lost:
        run.pool.ledger.entries.lose_raw(lost)
        detail = (
            f"{len(lost)} entries have other raw bytes than were backed up; they are not deleted, "
            "and are fetched again while the site has them"
        )
        notices = (run.damage(StepNoticeKind.RAW_CHANGED, detail),)
    return RawProof(list(zip(claims, bodies, strict=True)), notices)


class LedgerSheet:
    """Port SheetInHand for lines that the ledger names: to be read back, never written."""

    def __init__(self, run: ScaleRun, copying: Copying) -> None:
        self._run = run
        self._copying = copying
        self._differing = 0

    def add_rows(self, rows: Rows) -> Sheet:
        """Never called: lines that the ledger names stand already."""
        raise AssertionError("a sheet from the ledger takes no rows")

    def read_back(self, sheet: Sheet) -> Iterator[bool]:
        """Whether the cells that stand there now have the digest of those that were written."""
        back = self._run.pool.sheets.lenient([line.span for line in sheet.lines])
        for line, cells in zip(sheet.lines, back, strict=True):
            is_whole = len(cells) == len(sheet.columns)
            yield is_whole and cells_digest(sheet.columns, cells) == line.digest

    def explain(self, differing: int) -> tuple[StepNotice, ...]:
        """Enter evidence that so many rows more were changed since, and give what is told of it."""
        self._differing += differing
        detail = (
            f"{self._differing} rows are not in their sheet as they were written; they are not "
            "deleted on the site. `mtdata verify` says which and mends them"
        )
        return (self._run.damage(StepNoticeKind.SHEET_CHANGED, detail),)

    def copied(self, lines: Sequence[Placed]) -> frozenset[int]:
        """The entries whose raw bytes every replica of the pool confirms in this round."""
        return self._copying.confirmed(line.entry for line in lines) if lines else frozenset()

    def accept(self, verified: Verified) -> None:
        """Nothing to commit: the ledger has these lines."""
