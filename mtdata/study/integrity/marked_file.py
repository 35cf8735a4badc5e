"""One file of a pool held against its ledger, byte by byte; it changes nothing.

Each byte is read in large pieces and in order.  What the ledger has of it (the whole, each append,
each entry, each row) is a digest of its own and is held against it by itself: one that fits does
not speak for another.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import accumulate
from typing import TypeVar

from mtdata.core.worker_pool import WorkerPool
from mtdata.study.files.append_file import examine
from mtdata.study.files.archive import CLOSING
from mtdata.study.files.neighbours import neighbours
from mtdata.study.files.sheet_lines import row_spans, rows_begin, rows_stand
from mtdata.study.integrity.findings import Findings, Paced
from mtdata.study.integrity.page_check import ProofPage
from mtdata.study.ledger.proofs import LineProofs, RangeProofs, RawProofs
from mtdata.study.model.mark import FileFinding, FileMark, finding
from mtdata.study.pool import Pool

PIECE = 1 << 20
SHARED_FROM = 4 << 20
"""Bytes of a file from which on workers gain more than their start takes."""
PageWorkers = WorkerPool[ProofPage, bool]
Proofs = TypeVar("Proofs", RawProofs, LineProofs)


class MarkedFile:
    """A file and its mark; what was read is counted in `found` and told to `paced`."""

    def __init__(
        self,
        pool: Pool,
        mark: FileMark,
        found: Findings,
        paced: Paced,
        workers: PageWorkers | None = None,
    ) -> None:
        """`workers` read a large file's pages first."""
        self._pool, self.mark, self._found, self._paced = pool, mark, found, paced
        self._workers = workers if mark.length >= SHARED_FROM else None

    def read(self, start: int, length: int) -> bytes:
        """The bytes that stand there, b"" where the file is gone."""
        if length <= 0 or self._pool.disk.size(self.mark.path) is None:
            return b""
        content = self._pool.disk.read(self.mark.path, start, length)
        self._paced(len(content))
        return content

    def _bytes_at(self, page: RangeProofs | RawProofs | LineProofs) -> Iterator[bytes]:
        return neighbours(self._pool.disk, self.mark.path, page.starts, page.lengths)

    def _looked_at(self, pages: Iterator[Proofs]) -> Iterator[tuple[Proofs, bool]]:
        """Each page, and whether workers found it well; one that is not is to be read here."""
        if self._workers is None:
            return ((page, False) for page in pages)
        found = self._workers.each((page, [self._page(page)]) for page in pages)
        return ((page, is_well) for page, [is_well] in found)

    def _page(self, page: Proofs) -> ProofPage:
        path, columns = self.mark.path, self.mark.columns
        if self._pool.disk.size(path) is not None:
            self._pool.disk.read(path, 0, 1)  # who stops us, or took the lock, ends it here
        return ProofPage(path, columns, page.starts, page.lengths, page.digests)

    # raw ----------------------------------------------------------------------------------------

    def damaged_ranges(self) -> tuple[int, bytes]:
        """How many appends have other bytes than were committed, and the digest of them all."""
        wrong, whole, place, mark = 0, sha256(), 0, self.mark
        for page in self._pool.ledger.proofs.ranges(mark.number):
            self._found.ranges += len(page.starts)
            for digest, content in zip(page.digests, self._bytes_at(page), strict=True):
                self._paced(len(content))
                wrong += sha256(content).digest() != digest
                whole.update(content)
            place = page.starts[-1] + page.lengths[-1]
        for start in range(place, mark.length, PIECE):  # what closes an adopted file
            whole.update(self.read(start, min(PIECE, mark.length - start)))
        return wrong, whole.digest()

    def raw_finding(self, whole: bytes) -> FileFinding:
        """How a raw file stands to its mark, given the digest of its committed bytes."""
        closing = CLOSING if self.mark.mode == "grow" else b""
        tail = self.read(self.mark.length, len(closing) + 1)
        return finding(self.mark, self._pool.disk.size(self.mark.path), whole, tail, closing)

    def lost_entries(self) -> list[int]:
        """The seq of each entry whose raw bytes do not stand there."""
        lost: list[int] = []
        for page, is_well in self._looked_at(self._pool.ledger.proofs.raw(self.mark.number)):
            self._found.entries += len(page.seqs)
            if is_well:
                continue
            each = zip(page.seqs, page.digests, self._bytes_at(page), strict=True)
            lost += [seq for seq, digest, body in each if sha256(body).digest() != digest]
        return lost

    # sheets ---------------------------------------------------------------------------------------

    def sheet_finding(self) -> FileFinding:
        """How a sheet stands to its mark."""
        self._paced(self.mark.length)
        return examine(self._pool.disk, self.mark, b"")

    def odd_rows(self, *, alone: bool) -> list[str]:
        """The rows that differ, in words; `alone`: and those that no entry has for its own."""
        wrong: list[str] = []
        size = self._pool.disk.size(self.mark.path)
        # as long as the lines of the entries lie end to end, no row stands between two of them
        end = rows_begin(self._pool.disk, self.mark.path) if alone and size is not None else -1
        for page, is_well in self._looked_at(self._pool.ledger.proofs.lines(self.mark.number)):
            self._found.rows += len(page.starts)
            wrong += () if is_well else self._differing(page)
            end = -1 if None in page.digests else _end_of(page, end)
        if alone and size is not None and (wrong or end != size):
            wrong += self._without_entry()
        return wrong

    def _differing(self, page: LineProofs) -> Iterator[str]:
        stand = rows_stand(self.mark.columns, self._bytes_at(page), page.digests)
        for number, stands, digest in zip(page.ids, stand, page.digests, strict=True):
            if digest is not None and not stands:
                yield f"id {number}"

    def _without_entry(self) -> Iterator[str]:
        """Rows of a sheet of ours that no entry has for its own: it stands on another row too."""
        pages = self._pool.ledger.proofs.lines(self.mark.number)
        starts = (start for page in pages for start in page.starts)
        wanted = next(starts, None)
        for start, _ in row_spans(self._pool.disk, self.mark.path):
            if start == wanted:
                wanted = next(starts, None)
            else:
                yield f"the one at byte {start}, which stands twice or is nobody's"


def _end_of(page: LineProofs, start: int) -> int:
    """Where these lines end if each begins where the one before ends, the first at `start`."""
    *begins, end = accumulate(page.lengths, initial=start)
    return end if begins == list(page.starts) else -1
