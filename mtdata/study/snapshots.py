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
from mtdata.study.model.making import enveloped, rows_of
from mtdata.study.model.mark import FORMS
from mtdata.study.model.package import Entry, entries, in_batches, is_json
from mtdata.study.model.receipt import Backup, Kept, Package, Span
from mtdata.study.model.row import columns_of, spread
from mtdata.study.model.scale import Scale
from mtdata.study.pipeline import append, collect, decrypt, verify
from mtdata.study.pool import Pool, ScaleRun
from mtdata.study.ports import Site


def keep_snapshot(course: ScaleRun, site: Site) -> None:
    """Bring one whole table home; a table that did not change writes nothing."""
    pool = course.pool
    package = collect(course, site)
    last = pool.ledger.snapshots.last(course.scale.name)
    with pool.archive.folding_in(package):
        if last is None or last.digest != package.digest:
            last = _stored(course, package)
            if last is not None:
                course.tally.fresh, course.newly_held = last.rows, last.malformed
        if last is not None:
            course.tally.received = last.rows + last.malformed
            if last.sheet is None:
                lay_out(course, last)


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


def _stored(course: ScaleRun, package: Package) -> Snapshot | None:
    try:
        return _store(course, package)
    except PackageError:  # half a table is none: left there, it would look like somebody's addition
        course.pool.archive.shelf.mend_unfinished()
        raise


def _store(course: ScaleRun, package: Package) -> Snapshot | None:
    """Append the whole table to the raw file, bytes as sent, read it back, then commit it.

    None for a table without entries: the listing's size may be stale, and the last one stays.
    """
    pool, table = course.pool, _Table(course)
    for batch in in_batches(entries(pool.archive.stream(package))):
        table.take(batch)
    if table.put is None and not table.totals.malformed:
        return None
    put = table.put or table.append([])  # all of it is held: there is a snapshot, without rows
    first = table.first or Span(put.mark.number, put.mark.length, 0)
    span = Span(first.file, first.start, put.mark.length - first.start)
    made = table.totals.snapshot(course.scale.name, course.day, span, package.digest)
    at = course.at.isoformat()
    return pool.ledger.snapshots.store(
        put.mark, table.parts, snapshot=made, key=put.key, kept_at=at
    )


class _Table:
    """A table on its way into the raw file, and what is known of it so far."""

    def __init__(self, course: ScaleRun) -> None:
        self._course = course
        self._volume: Volume | None = None
        self.put: Appended | None = None
        self.first: Span | None = None
        self.parts: list[tuple[int, int, bytes]] = []
        self.totals = Totals()

    def take(self, batch: list[Entry]) -> None:
        """Put a batch behind those before; a batch without an entry would end as no JSON."""
        self.totals.add(batch)
        keepable = _keepable(self._course, batch)
        if keepable:
            self.append(keepable)

    def append(self, batch: list[Entry]) -> Appended:
        """Make the batch durable and read it back."""
        course, archive = self._course, self._course.pool.archive
        if self._volume is None:
            local = course.pool.clock.local(course.at)
            self._volume = archive.volume(course.scale.name, local)
        put = self._volume.append([entry.body for entry in batch])
        if None in archive.matched(put.spans, [entry.digest for entry in batch]):
            raise DamageError(f"{put.mark.path}: read back other bytes than were written")
        self.parts.append((put.start, len(put.piece), sha256(put.piece).digest()))
        self.first = self.first or (put.spans[0] if put.spans else None)
        self.put = put
        return put


def _keepable(course: ScaleRun, batch: list[Entry]) -> list[Entry]:
    if unreadable := [entry for entry in batch if not is_json(entry)]:
        kept = course.pool.archive.keep_aside(course.scale.name, course.day, unreadable)
        course.pool.ledger.files.set_down(kept.mark, course.at.isoformat())
    return [entry for entry in batch if is_json(entry)]


def lay_out(course: ScaleRun, snapshot: Snapshot) -> None:
    """Make the sheet of a stored snapshot, beside the old one, and let it take its place."""
    pool = course.pool
    sheet = pool.sheets.whole(snapshot.scale, snapshot.day, snapshot.columns)
    sealed = snapshot.rows
    rows = decrypt(course, recalled_entries(pool, course.scale, snapshot))
    for verified in verify(append(course, rows, sheet), sheet):
        course.tally.appended += len(verified.sheet.lines)
        sealed -= len(verified.sheet.lines)
    made = sheet.finish()
    pool.ledger.snapshots.bind(snapshot, made.number, sealed, pool.cipher.fingerprint())


def sheet_digest(pool: Pool, scale: Scale, snapshot: Snapshot, form: int) -> tuple[bytes, int]:
    """Digest of the sheet of that form that raw gives, and how many entries it leaves out."""
    digest, left_out = sha256(csv_line(snapshot.columns)), 0
    backups = recalled_entries(pool, scale, snapshot)
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


def recalled_entries(pool: Pool, scale: Scale, snapshot: Snapshot) -> Iterator[Backup]:
    """The entries of a stored snapshot, read from the raw file again, in order."""
    region: Iterable[bytes] = pool.archive.region(snapshot.span)
    for batch in in_batches(entries(chain([b"["], region, [b"]"]))):
        kept = [
            Kept(-1, entry.id, entry.digest, snapshot.span, entry.values)
            for entry in batch
            if entry.values is not None and not entry.fault
        ]
        yield Backup(scale, tuple(kept))
