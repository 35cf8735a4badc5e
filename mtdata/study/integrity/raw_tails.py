"""Entries that stand in a raw file behind the length that the ledger knows, taken up by proof.

A killed round leaves at most one append there; a ledger that was put back, all that came since.
Nothing with a whole entry in it is ever cut away: the site may have lost it since.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby, takewhile

from mtdata.study.files.append_file import examine, hash_of
from mtdata.study.files.archive import CLOSING
from mtdata.study.files.rawfile import RawEntry, raw_batches, tail_entries, tail_of
from mtdata.study.model.mark import FileFinding, FileMark
from mtdata.study.model.package import BATCH_ENTRIES
from mtdata.study.model.receipt import Span
from mtdata.study.pool import Pool
from mtdata.study.snapshots import Totals, without_erased


class RawTail:
    """What stands behind the known length of one live raw file whose beginning is as committed."""

    def __init__(self, pool: Pool, mark: FileMark, *, is_table: bool) -> None:
        self._pool, self.mark, self._is_table = pool, mark, is_table
        self._at = pool.clock.now()
        self._hash = hash_of(pool.disk, mark)
        self._is_known = self._hash.digest() == mark.digest
        self.tail = tail_of(pool.disk, mark)
        self._arrays = self._trusted_arrays()
        self.entries = 0

    @property
    def has_entries(self) -> bool:
        """Whether there is anything to take up."""
        return self._is_known and self.tail.entries > 0 and self._arrays > 0

    @property
    def is_more_than_a_killed_round_leaves(self) -> bool:
        """Whether the ledger must have been put back: one append is all that can be in flight."""
        is_one = self.tail.arrays == 1 and self.tail.entries <= BATCH_ENTRIES
        return self.has_entries and not (self.mark.writing and is_one)

    def take_up(self) -> None:
        """Enter every whole entry; what is torn behind them is cut, where a round was writing."""
        disk, mark = self._pool.disk, self.mark
        wanted = self._wanted()
        if mark.writing and not (self.tail.closed and self._arrays == self.tail.arrays):
            end = max(one.end for one in self._wanted())
            disk.write(mark.path, end, CLOSING)
        disk.confirm(mark.path)  # whoever wrote it may have been killed before it was durable
        if self._is_table:
            for _, array in groupby(wanted, key=lambda one: one.array):
                self._take_table(array)
        else:
            for batch in raw_batches(wanted):
                self._take(batch)

    def _wanted(self) -> Iterator[RawEntry]:
        """The entries of whole arrays; of a scale whose entries count one by one, all of them."""
        source = tail_entries(self._pool.disk, self.mark)
        return takewhile(lambda one: one.array < self._arrays, source)

    def _trusted_arrays(self) -> int:
        """How many arrays are whole: the last of a table may be half of one, if a round wrote it.

        A table is laid out once it is stored, so a sheet that moved on speaks for the last array.
        """
        if not self._is_table:
            return self.tail.arrays
        files, mark = self._pool.ledger.files, self.mark
        sheet = files.live("sheet", mark.scale, mark.day) if mark.writing else None
        moved_on = sheet and examine(self._pool.disk, sheet, b"") is FileFinding.CHANGED
        is_whole = self.tail.closed and (not mark.writing or moved_on)
        return self.tail.arrays if is_whole else self.tail.arrays - 1

    def _read(self, end: int) -> tuple[int, bytes]:
        """Where the next range starts and its bytes; the mark then ends behind it."""
        start = self.mark.length
        piece = self._pool.disk.read(self.mark.path, start, end - start)
        self._hash.update(piece)
        self.mark = self.mark._replace(length=end, digest=self._hash.digest())
        return start, piece

    def _take(self, batch: list[RawEntry]) -> None:
        start, piece = self._read(batch[-1].end)
        self._pool.ledger.entries.back_up(
            self.mark,
            [(e.entry, Span(self.mark.number, e.start, len(e.entry.body))) for e in batch],
            key=batch[0].key,
            start=start,
            piece=piece,
            at=self._at,
            found=True,
        )
        self.entries += len(batch)

    def _take_table(self, array: Iterator[RawEntry]) -> None:
        totals, first, key = Totals(), -1, ""
        parts: list[tuple[int, int, bytes]] = []
        for batch in raw_batches(array):
            first, key = (batch[0].start, batch[0].key) if first < 0 else (first, key)
            start, piece = self._read(batch[-1].end)
            parts.append((start, len(piece), sha256(piece).digest()))
            totals.add(without_erased(self._pool, self.mark.scale, [one.entry for one in batch]))
            self.entries += len(batch)
        span = Span(self.mark.number, first, self.mark.length - first)
        made = totals.snapshot(self.mark.scale, self.mark.day, span, totals.compact_digest())
        self._pool.ledger.snapshots.store(
            self.mark, parts, snapshot=made, key=key, kept_at=self._at.isoformat()
        )
