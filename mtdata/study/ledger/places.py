"""Where the raw bytes of entries stand, column by column; nothing is proven until they are read.

An object an entry costs more than to ask the ledger for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self

from mtdata.core.errors import StorageError
from mtdata.study.ledger.classified import NO_ID
from mtdata.study.ledger.schema import REBUILD
from mtdata.study.model.bounds import in_memory

PLACES = "seq, id, digest, file, start, length, line_start, line_length"
NO_LINE = f"the ledger gives an entry a sheet and no line in it.{REBUILD}"


class PlacesOfEntries(NamedTuple):
    """A page of entries that have a line."""

    seqs: Sequence[int]
    ids: Sequence[int | None]
    digests: Sequence[bytes]
    places: Sequence[tuple[int, int, int]]  # of the bytes: file, first byte, length

    @classmethod
    def of(cls, rows: Sequence[tuple[Any, ...]]) -> Self:
        """That of rows of PLACES, at least one; StorageError for an entry without a line."""
        seqs, ids, digests, files, starts, lengths, _, line_lengths = zip(*rows, strict=True)
        if None in line_lengths:
            raise StorageError(NO_LINE)
        known = [None if number == NO_ID else number for number in ids]
        return cls(seqs, known, digests, list(zip(files, starts, lengths, strict=True)))

    def in_memory(self) -> Iterator[Self]:
        """The page in pages whose raw bytes may be in memory together; nearly always itself."""
        for part in in_memory([length for _, _, length in self.places]):
            yield self._replace(
                seqs=self.seqs[part],
                ids=self.ids[part],
                digests=self.digests[part],
                places=self.places[part],
            )
