"""Scales that must stay: the whole table stored when it differs, its sheet of the day replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import chain

from mtdata.core.csv_lines import csv_line, csv_lines
from mtdata.core.errors import DamageError, PackageError, StorageError
from mtdata.study.files.archive import Appended, Volume
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
from mtdata.study.scale_report import ScaleReport


def keep_snapshot(report: ScaleReport, site: Site) -> None:
    """Bring one whole table home; a table that did not change writes nothing."""
    run = report.run
    package = collect(run, site)
    with run.pool.archive.folding_in(package):
        last = run.pool.ledger.snapshots.last(run.scale.name)
        is_new = last is None or last.digest != package.digest
        snapshot = _stored(run, package) if is_new else last
        if snapshot is not None:
            report.take(_backup_of(run, snapshot, is_new=is_new))
            if snapshot.sheet is None:
                make_sheet(report, snapshot)


def _backup_of(run: ScaleRun, snapshot: Snapshot, *, is_new: bool) -> Backup:
    """The receipt for a whole table."""
    return Backup(
        run.scale,
        (),
        received=snapshot.rows + snapshot.malformed,
        fresh=snapshot.rows if is_new else 0,
        held=snapshot.malformed if is_new else 0,
    )


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
        return Snapshot(
            number=0,
            scale=scale,
            day=day,
            digest=digest,
            span=span,
            rows=self._rows,
            columns=tuple(sorted(self._columns)),
            highest=self._highest,
            malformed=self.malformed,
            sealed=None,
            tried_with=None,
            sheet=None,
        )


def _stored(run: ScaleRun, package: Package) -> Snapshot | None:
    try:
        return _store(run, package)
    except PackageError:  # half a table is none: left there, it would look like somebody's addition
        run.pool.archive.day_files.mend_unfinished()
        raise


def _store(run: ScaleRun, package: Package) -> Snapshot | None:
    """Append the whole table to the raw file, bytes as sent, read it back, then commit it.

    None for a table without entries: the listing's size may be stale, and the last one stays.
    """
    pool, table = run.pool, _Table(run)
    for batch in in_batches(entries(pool.archive.stream(package))):
        table.take(batch)
    if table.put is None and not table.totals.malformed:
        return None
    put = table.put or table.append([])  # all of it is held: there is a snapshot, without rows
    first = table.first or Span(put.mark.number, put.mark.length, 0)
    span = Span(first.file, first.start, put.mark.length - first.start)
    made = table.totals.snapshot(run.scale.name, run.day, span, package.digest)
    at = run.at.isoformat()
    return pool.ledger.snapshots.store(
        put.mark, table.parts, snapshot=made, key=put.key, kept_at=at
    )


class _Table:
    """A table on its way into the raw file, and what is known of it so far."""

    def __init__(self, run: ScaleRun) -> None:
        self._run = run
        self._volume: Volume | None = None
        self.put: Appended | None = None
        self.first: Span | None = None
        self.parts: list[tuple[int, int, bytes]] = []
        self.totals = Totals()

    def take(self, batch: list[Entry]) -> None:
        """Put a batch behind those before; a batch without an entry would end as no JSON."""
        self.totals.add(batch)
        keepable = _keepable(self._run, batch)
        if keepable:
            self.append(keepable)

    def append(self, batch: list[Entry]) -> Appended:
        """Make the batch durable and read it back."""
        run, archive = self._run, self._run.pool.archive
        if self._volume is None:
            local = run.pool.clock.local(run.at)
            self._volume = archive.volume(run.scale.name, local)
        put = self._volume.append([entry.body for entry in batch])
        if None in archive.matched(put.spans, [entry.digest for entry in batch]):
            raise DamageError(f"{put.mark.path}: read back other bytes than were written")
        self.parts.append((put.start, len(put.piece), sha256(put.piece).digest()))
        self.first = self.first or (put.spans[0] if put.spans else None)
        self.put = put
        return put


def _keepable(run: ScaleRun, batch: list[Entry]) -> list[Entry]:
    if unreadable := [entry for entry in batch if not is_json(entry)]:
        kept = run.pool.archive.keep_aside(run.scale.name, run.day, unreadable)
        run.pool.ledger.files.set_down(kept.mark, run.at.isoformat())
    return [entry for entry in batch if is_json(entry)]


def make_sheet(report: ScaleReport, snapshot: Snapshot) -> None:
    """Make the sheet of a stored snapshot, beside the old one, and let it take its place."""
    run, noting = report.run, report.noting
    sheet = run.pool.sheets.whole(snapshot.scale, snapshot.day, snapshot.columns)
    rows = noting(decrypt(run, stored_entries(run.pool, run.scale, snapshot)))
    sheets = noting(append(run, rows, sheet))
    made = sum(len(verified.sheet.lines) for verified in noting(verify(sheets, sheet)))
    number, sealed = sheet.finish().number, snapshot.rows - made
    run.pool.ledger.snapshots.bind(snapshot, number, sealed, run.pool.cipher.fingerprint())


def sheet_digest(pool: Pool, scale: Scale, snapshot: Snapshot, form: int) -> tuple[bytes, int]:
    """Digest of the sheet of that form that raw gives, and how many entries it leaves out."""
    digest, left_out = sha256(csv_line(snapshot.columns)), 0
    backups = stored_entries(pool, scale, snapshot)
    for envelope, answer in pool.cipher.unseal_each(map(enveloped, backups)):
        rows = rows_of(envelope, answer, form=form)
        left_out += len(rows.held)
        cells = (spread(row.columns, row.cells, snapshot.columns) for row in rows.rows)
        digest.update(b"".join(csv_lines(cells)))
    return digest.digest(), left_out


def form_of(pool: Pool, scale: Scale, snapshot: Snapshot, sheet: bytes) -> tuple[int, int] | None:
    """The form in which raw gives a sheet of that digest, and how many entries it leaves out."""
    for form in FORMS:
        digest, left_out = sheet_digest(pool, scale, snapshot, form)
        if digest == sheet:
            return form, left_out
    return None


def stands(pool: Pool, snapshot: Snapshot) -> bool:
    """Whether the raw bytes of a stored snapshot are those that were committed."""
    end = snapshot.span.start + snapshot.span.length
    for start, length, digest in pool.ledger.files.ranges(snapshot.span.file):
        if start + length > snapshot.span.start and start < end:
            region = Span(snapshot.span.file, start, length)
            try:
                found = sha256(b"".join(pool.archive.region(region))).digest()
            except StorageError:
                return False
            if found != digest:
                return False
    return True


def stored_entries(pool: Pool, scale: Scale, snapshot: Snapshot) -> Iterator[Backup]:
    """The entries of a stored snapshot, read from the raw file again, in order."""
    region: Iterable[bytes] = pool.archive.region(snapshot.span)
    for batch in in_batches(entries(chain([b"["], region, [b"]"]))):
        kept = [
            Kept(-1, entry.id, entry.digest, snapshot.span, entry.values)
            for entry in batch
            if entry.values is not None and not entry.fault
        ]
        yield Backup(scale, tuple(kept))
