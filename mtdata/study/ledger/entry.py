"""What the ledger says of an entry; nothing of it is proven until the bytes are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mtdata.study.model.package import Entry
from mtdata.study.model.receipt import Span


class LedgerEntry(NamedTuple):
    """What the ledger says of one entry; nothing of it is proven until the bytes are read."""

    seq: int
    id: int | None
    digest: bytes
    span: Span
    sheet: int | None
    line: Span | None
    cells: bytes | None


class Classified(NamedTuple):
    """A batch of a package beside what is known: all three in the order of the package."""

    fresh: list[Entry]
    conflicts: frozenset[bytes]  # digests of fresh entries whose id has other content here
    reused_ids: frozenset[bytes]  # those of them whose id was proven gone before
    refetch: list[Entry]  # known ones whose raw bytes were lost and that the site still has

    def without(self, same: Mapping[bytes, LedgerEntry]) -> Classified:
        """The batch when these digests turn out to conflict with nothing."""
        keys = frozenset(same)
        return self._replace(conflicts=self.conflicts - keys, reused_ids=self.reused_ids - keys)
