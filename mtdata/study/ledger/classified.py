"""A batch of a package beside what the ledger knows of its ids; pure, it asks no table."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mtdata.study.model.package import Entry
from mtdata.study.model.states import CONFLICT, ERASED, HELD, MALFORMED, STORED

NO_ID = -1


class Classified(NamedTuple):
    """A batch of a package beside what is known: all three in the order of the package."""

    fresh: list[Entry]
    conflicts: frozenset[bytes]  # digests of fresh entries whose id has other content here
    reused_ids: frozenset[bytes]  # those of them whose id was proven gone before
    refetch: list[Entry]  # known ones whose raw bytes were lost and that the site still has
    erased: int = 0  # those that were erased for their person, and came again

    def without(self, same: Mapping[bytes, object]) -> Classified:
        """The batch when these digests turn out to conflict with nothing."""
        keys = frozenset(same)
        return self._replace(conflicts=self.conflicts - keys, reused_ids=self.reused_ids - keys)


def key_of(entry: Entry) -> tuple[int, bytes]:
    """Id and digest by which the ledger knows an entry; NO_ID for one without an id."""
    return NO_ID if entry.id is None else entry.id, entry.digest


def classified(
    batch: Sequence[Entry], met: Iterable[tuple[Any, ...]], erased: frozenset[bytes]
) -> Classified:
    """What is new in a batch; `met` has id, digest, gone and lost of what the ledger has of it.

    `erased` has the digests of entries that were erased, which are never new.
    """
    known: dict[int, dict[bytes, tuple[bool, bool]]] = {}
    for number, digest, gone, lost in met:
        known.setdefault(number, {})[digest] = (bool(gone), bool(lost))
    fresh, refetch, conflicts, reused = [], [], set(), set()
    for entry in (entry for entry in batch if entry.digest not in erased):
        versions = known.setdefault(key_of(entry)[0], {})
        before = versions.get(entry.digest)
        if before is None:
            if versions and entry.id is not None and not entry.fault:
                conflicts.add(entry.digest)
                if any(gone for gone, _ in versions.values()):
                    reused.add(entry.digest)
            fresh.append(entry)
            versions[entry.digest] = (False, False)
        elif before[1]:
            refetch.append(entry)
            versions[entry.digest] = (False, False)
    return Classified(fresh, frozenset(conflicts), frozenset(reused), refetch, len(erased))


def first_state(
    entry: Entry, conflicts: frozenset[bytes], erased: Container[bytes] = ()
) -> tuple[int, str | None, str | None]:
    """State, kind and reason with which a new entry is entered; the others have digests."""
    if entry.digest in erased:
        return ERASED, None, None
    if entry.fault:
        return HELD, MALFORMED, entry.fault
    if entry.digest in conflicts:
        return HELD, CONFLICT, "the id was collected before with other content"
    return STORED, None, None
