"""Scales that must stay: the whole table stored when it differs, its sheet of the day replaced."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import chain

from mtdata.core.csv_lines import csv_line, csv_lines
from mtdata.core.errors import DamageError, PackageError, StorageError
from mtdata.study.files.archive import Appended
from mtdata.study.ledger import Snapshot
from mtdata.study.model.bounds import MAX_FIELDS
from mtdata.study.model.mark import FORMS
from mtdata.study.model.package import Entry, entries, in_batches, is_json
from mtdata.study.model.receipt import Backup, Kept, Package, Span
from mtdata.study.model.row import columns_of, spread
from mtdata.study.model.row_layout import enveloped, rows_of
from mtdata.study.model.scale import Scale
from mtdata.study.pipeline import append, collect, decrypt, verify
from mtdata.study.pool import Pool, ScaleRun
from mtdata.study.ports import Site
from mtdata.study.raw_backup import RawPackage
from mtdata.study.scale_report import ScaleReport

log = logging.getLogger(__name__)


def keep_snapshot(report: ScaleReport, site: Site) -> None:
    """Bring one whole table home; a table that did not change writes nothing."""
    run = report.run
    package = collect(run, site)
    with run.pool.archive.folding_in(package):
        last = run.pool.ledger.snapshots.last(run.scale.name)
        digest = _digest(run, package)
        is_new = last is None or last.digest != digest
        snapshot = _stored(run, package, digest) if is_new else last
        if snapshot is not None:
            rows, held = snapshot.rows, snapshot.malformed
            fresh, newly_held = (rows, held) if is_new else (0, 0)
            report.take(Backup(run.scale, (), rows + held, fresh, newly_held))
            if snapshot.sheet is None:
                make_sheet(report, snapshot)


class Totals:
    """What a snapshot's entries say together, taken batch by batch."""

    def __init__(self) -> None:
        self._columns: set[str] = set()
        self._rows = self._highest = 0
        self._compact, self._begun = sha256(b"["), False
        self.malformed = 0

    def add(self, batch: Sequence[Entry]) -> None:
        """Take a batch into account; PackageError when no sheet could have so many columns."""
        for entry in batch:
            self._compact.update(b"," + entry.body if self._begun else entry.body)
            self._begun = True
            if entry.fault or entry.values is None:
                self.malformed += 1
                continue
            self._columns.update(columns_of(entry.values))
            self._highest, self._rows = max(self._highest, entry.id or 0), self._rows + 1
        if len(self._columns) > MAX_FIELDS:
            raise PackageError(f"the entries have more than {MAX_FIELDS} fields together")

    def compact_digest(self) -> bytes:
        """Digest of the package as the site would have sent it: compact, `},{` between entries."""
        whole = self._compact.copy()
        whole.update(b"]")
        return whole.digest()

    def snapshot(self, scale: str, day: str, span: Span, digest: bytes) -> Snapshot:
        """The snapshot to be stored, without a sheet yet."""
        counts = (self._rows, tuple(sorted(self._columns)), self._highest, self.malformed)
        return Snapshot(0, scale, day, digest, span, *counts)


def without_erased(pool: Pool, scale: str, batch: Iterable[Entry]) -> list[Entry]:
    """Those of a batch that were not erased for their person."""
    erased = pool.ledger.erased.tombstones_of(scale)
    return [e for e in batch if not erased.entry(e.id, e.digest)] if erased else list(batch)


def _digest(run: ScaleRun, package: Package) -> bytes:
    """That of the package, without the rows that were erased: whether it differs from the last."""
    pool, name = run.pool, run.scale.name
    if not pool.ledger.erased.tombstones_of(name):
        return package.digest
    totals, left_out = Totals(), 0
    for batch in in_batches(entries(pool.archive.stream(package))):
        stay = without_erased(pool, name, batch)
        left_out += len(batch) - len(stay)
        totals.add(stay)
    log.info("%d rows that were erased are on the site still; they are left out", left_out)
    return totals.compact_digest()


def _stored(run: ScaleRun, package: Package, digest: bytes) -> Snapshot | None:
    """Append the whole table to the raw file, bytes as sent, read it back, then commit it.

    None for a table without entries: the listing's size may be stale, and the last one stays.
    """
    pool, table = run.pool, _Table(run)
    try:
        for batch in in_batches(entries(pool.archive.stream(package))):
            table.take(without_erased(pool, run.scale.name, batch))
    except PackageError:  # half a table is none: left there, it would look like somebody's addition
        pool.archive.day_files.mend_unfinished()
        raise
    if table.put is None and not table.totals.malformed:
        return None
    put = table.put or table.append([])  # all of it is held: there is a snapshot, without rows
    first = table.first or Span(put.mark.number, put.mark.length, 0)
    span = Span(first.file, first.start, put.mark.length - first.start)
    made = table.totals.snapshot(run.scale.name, run.day, span, digest)
    parts, at = table.parts, run.at.isoformat()
    return pool.ledger.snapshots.store(put.mark, parts, snapshot=made, key=put.key, kept_at=at)


class _Table(RawPackage):
    """A table on its way into the raw file, and what is known of it so far."""

    def __init__(self, run: ScaleRun) -> None:
        super().__init__(run)
        self.put: Appended | None = None
        self.first: Span | None = None
        self.parts: list[tuple[int, int, bytes]] = []
        self.totals = Totals()

    def take(self, batch: list[Entry]) -> None:
        """Put a batch behind those before; a batch without an entry would end as no JSON."""
        run = self._run
        self.totals.add(batch)
        if unreadable := [entry for entry in batch if not is_json(entry)]:
            mark = run.pool.archive.keep_aside(run.scale.name, run.day, unreadable)
            run.pool.ledger.files.set_down(mark, run.at.isoformat())
        if keepable := [entry for entry in batch if is_json(entry)]:
            self.append(keepable)

    def append(self, batch: list[Entry]) -> Appended:
        """Make the batch durable and read it back."""
        self.put = put = self._put(batch)
        self.parts.append((put.start, len(put.piece), sha256(put.piece).digest()))
        self.first = self.first or (put.spans[0] if put.spans else None)
        return put


def make_sheet(report: ScaleReport, snapshot: Snapshot) -> None:
    """Make the sheet of a stored snapshot, beside the old one, and let it take its place."""
    run, noting = report.run, report.noting
    sheet = run.pool.sheets.whole(snapshot.scale, snapshot.day, snapshot.columns)
    rows = noting(decrypt(run, stored_entries(run.pool, run.scale, snapshot)))
    sheets = noting(append(run, rows, sheet))
    made = sum(len(verified.sheet.lines) for verified in noting(verify(sheets, sheet)))
    number, sealed = sheet.finish().number, snapshot.rows - made
    run.pool.ledger.snapshots.bind(snapshot, number, sealed, run.pool.cipher.fingerprint())


def form_of(pool: Pool, scale: Scale, snapshot: Snapshot, sheet: bytes) -> tuple[int, int] | None:
    """The form in which raw gives a sheet of that digest, and how many entries it leaves out.

    None where it gives no such sheet, or is not as it was committed.
    """
    if not stands(pool, snapshot):
        return None
    for form in FORMS:
        digest, left_out = sha256(csv_line(snapshot.columns)), 0
        backups = stored_entries(pool, scale, snapshot)
        for envelope, answer in pool.cipher.unseal_each(map(enveloped, backups)):
            rows = rows_of(envelope, answer, form=form)
            left_out += len(rows.held)
            cells = (spread(row.columns, row.cells, snapshot.columns) for row in rows.rows)
            digest.update(b"".join(csv_lines(cells)))
        if digest.digest() == sheet:
            return form, left_out
    return None


def stands(pool: Pool, snapshot: Snapshot) -> bool:
    """Whether the raw bytes of a stored snapshot are those that were committed."""
    try:
        for _ in _proven(pool, snapshot.span):
            pass
    except StorageError:
        return False
    return True


def _proven(pool: Pool, span: Span) -> Iterator[bytes]:
    """The bytes of a stored snapshot, in pieces, each append held against its digest.

    DamageError behind the last of an append that is another than was committed.
    """
    place, end = span.start, span.start + span.length
    for start, length, wanted in pool.ledger.files.ranges(span.file):
        if start >= end or start + length <= span.start:
            continue
        digest, at = sha256(), start
        for piece in pool.archive.region(Span(span.file, start, length)):
            digest.update(piece)
            if part := piece[max(0, span.start - at) : max(0, end - at)]:
                yield part
            at += len(piece)
        if digest.digest() != wanted or start > place:
            break
        place = start + length
    if place < end:
        path = pool.ledger.files.by_number(span.file).path
        raise DamageError(
            f"{path}: the bytes of a stored table are not those that were backed up; no sheet can "
            "be made from them. `mtdata verify` says which and what to do"
        )


def stored_entries(pool: Pool, scale: Scale, snapshot: Snapshot) -> Iterator[Backup]:
    """The entries of a stored snapshot, read from the raw file again, in order.

    DamageError, at the latest behind the last, for other bytes than were committed; PackageError
    where these are no entries any more.
    """
    region = _proven(pool, snapshot.span)
    erased = pool.ledger.erased.tombstones_of(snapshot.scale)
    for batch in in_batches(entries(chain([b"["], region, [b"]"]))):
        kept = [
            Kept(-1, entry.id, entry.digest, snapshot.span, entry.values)
            for entry in batch
            if entry.values is not None
            and not entry.fault
            and not (erased and erased.entry(entry.id, entry.digest))
        ]
        yield Backup(scale, tuple(kept))
