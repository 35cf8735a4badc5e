"""Scales that must stay: the whole table stored when it differs, its sheet of the day replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import chain

from mtdata.adapters.archive import Appended, Volume
from mtdata.adapters.ledger import Snapshot
from mtdata.course import Course, Pool
from mtdata.domain.bounds import MAX_FIELDS
from mtdata.domain.package import Entry, entries, in_batches, is_json
from mtdata.domain.receipt import Backup, Kept, Package, Span
from mtdata.domain.row import columns_of
from mtdata.domain.scale import Scale
from mtdata.errors import PackageError, StorageError
from mtdata.pipeline import append, collect, decrypt, verify
from mtdata.ports import Site


def keep_snapshot(course: Course, site: Site) -> None:
    """Bring one whole table home; a table that did not change writes nothing."""
    pool = course.pool
    package = collect(course, site)
    last = pool.ledger.snapshots.last(course.scale.name)
    if last is None or last.digest != package.digest:
        last = _stored(course, package)
        course.tally.fresh, course.newly_held = last.rows, last.malformed
    course.tally.received = last.rows + last.malformed
    if last.sheet is None:
        lay_out(course, last)
    pool.archive.drop(package)


def _stored(course: Course, package: Package) -> Snapshot:
    try:
        return _store(course, package)
    except PackageError:  # half a table is none: left there, it would look like somebody's addition
        course.pool.archive.shelf.mend_unfinished()
        raise


def _store(course: Course, package: Package) -> Snapshot:
    """Append the whole table to the raw file, bytes as sent, read it back, then commit it."""
    pool, name = course.pool, course.scale.name
    volume = pool.archive.volume(name, pool.clock.local(course.at))
    parts: list[tuple[int, int, bytes]] = []
    first, last = None, None
    columns: set[str] = set()
    count = highest = malformed = 0
    for batch in in_batches(entries(pool.archive.stream(package))):
        malformed += sum(bool(entry.fault) for entry in batch)
        if keepable := _keepable(course, batch):
            last = _put(course, volume, keepable)
            first = first or last.spans[0]
            parts.append(_part(last))
        for entry in keepable:
            if not entry.fault and entry.values is not None:
                columns.update(columns_of(entry.values))
                highest, count = max(highest, entry.id or 0), count + 1
        if len(columns) > MAX_FIELDS:
            raise PackageError(f"{name}: its entries have more than {MAX_FIELDS} fields together")
    if last is None:  # a table without entries is one to remember, too
        last = _put(course, volume, [])
        parts.append(_part(last))
    start = first.start if first else last.mark.length
    made = Snapshot(
        0,
        name,
        course.day,
        package.digest,
        Span(last.mark.number, start, last.mark.length - start),
        count,
        tuple(sorted(columns)),
        highest,
        malformed,
        None,
        None,
        None,
    )
    at = course.at.isoformat()
    return pool.ledger.snapshots.store(last.mark, parts, snapshot=made, key=last.key, kept_at=at)


def _put(course: Course, volume: Volume, batch: list[Entry]) -> Appended:
    put = volume.append([entry.body for entry in batch])
    if None in course.pool.archive.matched(put.spans, [entry.digest for entry in batch]):
        raise StorageError(f"{put.mark.path}: read back other bytes than were written")
    return put


def _part(put: Appended) -> tuple[int, int, bytes]:
    return put.start, len(put.piece), sha256(put.piece).digest()


def _keepable(course: Course, batch: list[Entry]) -> list[Entry]:
    if unreadable := [entry for entry in batch if not is_json(entry)]:
        course.pool.archive.keep_aside(course.scale.name, unreadable)
    return [entry for entry in batch if is_json(entry)]


def lay_out(course: Course, snapshot: Snapshot) -> None:
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
