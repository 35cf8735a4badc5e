"""Where everything stands in files that were cut, worked out for the ledger from the files."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import chain

from mtdata.core.errors import PackageError
from mtdata.study.erasure.plan import ErasurePlan, FileCuts
from mtdata.study.files.append_file import hash_of
from mtdata.study.ledger import Snapshot
from mtdata.study.ledger.erased import NewPlaces, SnapshotNow
from mtdata.study.model.mark import FileMark
from mtdata.study.model.package import Entry, entries, in_batches
from mtdata.study.model.tombstone import TombstoneIndex
from mtdata.study.pool import Pool
from mtdata.study.snapshots import Totals


def new_places(pool: Pool, file: FileCuts) -> NewPlaces:
    """How a file of the ledger, which stands there cut, is to be entered."""
    old, cuts = pool.ledger.files.by_number(file.number), file.stretches
    mark = old._replace(length=old.length - cuts.total)
    mark = mark._replace(digest=hash_of(pool.disk, mark).digest())
    ranges = tuple(_ranges(pool, file, mark)) if old.kind == "raw" else ()
    return NewPlaces(mark, cuts.shifts(), ranges)


def _ranges(pool: Pool, file: FileCuts, mark: FileMark) -> Iterator[tuple[int, int, int, bytes]]:
    """The ranges that are others now; those before the first cut stay as they are."""
    cuts, first = file.stretches, file.cuts[0].start
    for start, length, _ in pool.ledger.files.ranges(file.number):
        if start + length <= first:
            continue
        begins, ends = cuts.moved(start), cuts.moved(start + length)
        piece = pool.disk.read(mark.path, begins, ends - begins) if ends > begins else b""
        yield start, begins, ends - begins, sha256(piece).digest()


def snapshots_now(pool: Pool, plan: ErasurePlan) -> list[SnapshotNow]:
    """How the snapshots of every table stand of which a row goes."""
    files = {file.number: file for file in plan.files if file.kind == "raw" and file.number}
    scales = {one.scale for one in plan.erasure.tombstones}
    return [
        _snapshot_now(pool, plan, snapshot, files.get(snapshot.span.file))
        for scale in sorted(scales)
        for snapshot in pool.ledger.search.snapshots_of(scale)
    ]


def _snapshot_now(
    pool: Pool, plan: ErasurePlan, snapshot: Snapshot, file: FileCuts | None
) -> SnapshotNow:
    _, start, length = snapshot.span
    end = start + length
    if file is not None:
        start, end = file.stretches.moved(start), file.stretches.moved(end)
    totals = Totals()
    erased = _erased_rows(pool, plan, snapshot.scale)
    try:
        for batch in _batches(pool, snapshot, start, end - start):
            totals.add([entry for entry in batch if not erased.entry(entry.id, entry.digest)])
    except PackageError:  # it cannot be read to its end: the table is stored anew when it comes
        snapshot = snapshot._replace(digest=b"")
    now = totals.snapshot(snapshot.scale, snapshot.day, snapshot.span, totals.compact_digest())
    digest = now.digest if snapshot.digest else b""
    return SnapshotNow(
        snapshot.number, start, end - start, now.rows, now.highest, snapshot.malformed, digest
    )


def _erased_rows(pool: Pool, plan: ErasurePlan, scale: str) -> TombstoneIndex:
    before = (
        (one.key, tombstone)
        for one in pool.ledger.erased.erasures()
        for tombstone in one.tombstones
        if tombstone.scale == scale
    )
    fresh = ((plan.erasure.key, t) for t in plan.erasure.tombstones if t.scale == scale)
    return TombstoneIndex(scale, chain(before, fresh))


def _batches(pool: Pool, snapshot: Snapshot, start: int, length: int) -> Iterator[list[Entry]]:
    path = pool.ledger.files.by_number(snapshot.span.file).path
    region = pool.disk.stream(path, start, length) if length else ()
    yield from in_batches(entries(chain([b"["], region, [b"]"])))
