"""Receipts out of the ledger: what it claims is read again before anything rests on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from mtdata.study.files.erased_list import ErasedList
from mtdata.study.files.sheet_lines import rows_stand
from mtdata.study.ledger import LedgerEntry
from mtdata.study.model.bounds import in_memory
from mtdata.study.model.package import BATCH_ENTRIES, read_entry
from mtdata.study.model.receipt import (
    Backup,
    Kept,
    Placed,
    Rows,
    Sheet,
    Span,
    StepNotice,
    StepNoticeKind,
    Verified,
)
from mtdata.study.pipeline import verify
from mtdata.study.pool import ScaleRun
from mtdata.study.replicas.copying import Copying
from mtdata.study.scale_report import ScaleReport

Notices = tuple[StepNotice, ...]
NOWHERE = Span(0, -1, 0)


def waiting(run: ScaleRun) -> Iterator[Backup]:
    """Entries that are safe here and want a row: left over, or held and worth a try."""
    fingerprint = run.pool.cipher.fingerprint()
    for claims in run.pool.ledger.entries.waiting(run.scale.name, fingerprint):
        for part in in_memory([claim.span.length for claim in claims]):
            bodies = run.pool.archive.claimed(claims[part])
            notices = _lose(run, [claim.seq for claim, body in bodies if body is None])
            there = ((claim, body) for claim, body in bodies if body is not None)
            kept = tuple(claim.kept_entry(read_entry(body).values or {}) for claim, body in there)
            yield Backup(run.scale, kept, notices=notices)


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


def erased_on_site(run: ScaleRun) -> Iterator[Sheet]:
    """Entries that were erased here and, by the listing just read, are on the site still."""
    found = run.pool.ledger.erased.on_site(run.scale.name)
    for first in range(0, len(found), BATCH_ENTRIES):
        kept = (Kept(*one, b"", NOWHERE, {}) for one in found[first : first + BATCH_ENTRIES])
        yield _sheet_of(run, 0, (), tuple(Placed(one, b"", NOWHERE) for one in kept), ())


def _doubtful(run: ScaleRun, claims: list[LedgerEntry]) -> tuple[set[int | None], Notices]:
    """Ids of several versions, one of them not proven: a delete by id would take all of them."""
    times = Counter(claim.id for claim in claims)
    versions = [claim for claim in claims if times[claim.id] > 1]
    seqs, notices = _lost(run, versions)
    lost = {c.id for c in versions if c.seq in seqs}
    changed = {c.id for c in versions if not _stands(run, c)}
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
    return all(rows_stand(columns, run.pool.sheets.lines([claim.line]), [claim.cells]))


def _sheet(run: ScaleRun, number: int, claims: list[LedgerEntry]) -> Sheet:
    lost, notices = _lost(run, claims)
    lines = tuple(
        Placed(claim.kept_entry({}), claim.cells, claim.line)  # a delete needs no answers
        for claim in claims
        if claim.seq not in lost and claim.line is not None and claim.cells is not None
    )
    columns = run.pool.ledger.files.by_number(number).columns
    return _sheet_of(run, number, columns, lines, notices)


def _sheet_of(
    run: ScaleRun,
    number: int,
    columns: tuple[str, ...],
    lines: tuple[Placed, ...],
    notices: Notices,
) -> Sheet:
    backup = Backup(run.scale, tuple(line.entry for line in lines))
    return Sheet(Rows(backup, (), ()), number, columns, lines, is_new=False, notices=notices)


def _lost(run: ScaleRun, claims: Sequence[LedgerEntry]) -> tuple[set[int], Notices]:
    """Read each entry's raw bytes; the seqs of those that have not their digest any more.

    A disk that refuses to read is a StorageError: what it holds may be whole, and to fetch it
    again would put it into the raw files twice.
    """
    lost = run.pool.archive.lacking(claims)
    return set(lost), _lose(run, lost)


def _lose(run: ScaleRun, lost: list[int]) -> Notices:
    """Enter that the raw bytes of these are lost, and give what is told of it."""
    if not lost:
        return ()
    run.pool.ledger.entries.lose_raw(lost)
    detail = (
        f"{len(lost)} entries have other raw bytes than were backed up; they are not deleted, "
        "and are fetched again while the site has them"
    )
    return (run.damage(StepNoticeKind.RAW_CHANGED, detail),)


class ErasedLines:
    """Port SheetInHand for entries that were erased: what stands for a line is its tombstone."""

    def __init__(self, run: ScaleRun) -> None:
        self._run = run

    def add_rows(self, rows: Rows) -> Sheet:
        """Never called: nothing is written for an entry that was erased."""
        raise AssertionError("an erased entry takes no row")

    def read_back(self, sheet: Sheet) -> Iterator[bool]:
        """Whether the list of the pool, read again, says that each was erased."""
        name, erasures = self._run.scale.name, ErasedList(self._run.pool.disk).erasures()
        ids = {t.id for one in erasures.values() for t in one.tombstones if t.scale == name}
        for line in sheet.lines:
            yield line.entry.id in ids

    def explain(self, differing: int) -> Notices:
        """Nothing to tell: without its tombstone in the list an entry is not deleted, no more."""
        return ()

    def copied(self, lines: Sequence[Placed]) -> frozenset[int]:
        """All of them: what a person had erased is kept nowhere."""
        return frozenset(line.entry.seq for line in lines)

    def accept(self, verified: Verified) -> None:
        """Nothing to commit."""


class LedgerSheet:
    """Port SheetInHand for lines that the ledger names: to be read back, never written."""

    def __init__(self, run: ScaleRun, copying: Copying) -> None:
        self._run, self._copying = run, copying
        self._differing = 0

    def add_rows(self, rows: Rows) -> Sheet:
        """Never called: lines that the ledger names stand already."""
        raise AssertionError("a sheet from the ledger takes no rows")

    def read_back(self, sheet: Sheet) -> Iterator[bool]:
        """Whether the cells that stand there now have the digest of those that were written."""
        back = self._run.pool.sheets.lines([line.span for line in sheet.lines])
        return rows_stand(sheet.columns, back, [line.digest for line in sheet.lines])

    def explain(self, differing: int) -> Notices:
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


def provable(report: ScaleReport, copying: Copying) -> Iterator[Verified]:
    """All that is on the site still and safe here, or erased here, each proven anew."""
    run, noting = report.run, report.noting
    yield from noting(verify(noting(owed(run)), LedgerSheet(run, copying)))
    yield from verify(erased_on_site(run), ErasedLines(run))
