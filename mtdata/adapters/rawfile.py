"""Raw files read without a ledger: ours, and those of the original program, as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from mtdata.domain.package import BATCH_BYTES, BATCH_ENTRIES, Entry, elements, window
from mtdata.errors import PackageError


class RawEntry(NamedTuple):
    """An entry with its first byte in the file and the number of its array, from 0."""

    array: int
    start: int
    entry: Entry

    @property
    def end(self) -> int:
        """The byte behind it."""
        return self.start + len(self.entry.body)


def raw_entries(chunks: Iterable[bytes]) -> Iterator[RawEntry]:
    """Every entry of a raw file, in order.

    Reads one object of arrays, a bare array, and several of either one after another.
    PackageError where the file cannot be followed any further, and at its end when it could be,
    but not without doubt.
    """
    view = window(chunks)
    view.skip_bom()
    array = 0
    while mark := view.peek():
        if mark == b"[":
            view.take(1)
            for entry in elements(view):
                yield RawEntry(array, view.began, entry)
            array += 1
        elif mark == b'"':
            closing = view.find(b'"', skip=1)
            if closing < 0:
                raise PackageError("a raw file breaks off inside a name")
            view.take(closing + 1)
        elif mark in (b"{", b"}", b":", b","):
            view.take(1)
        else:
            raise PackageError("a raw file holds something that is no array of entries")
    if view.garbled:
        raise PackageError("a raw file is garbled in its middle; what could be read was")


def raw_batches(source: Iterable[RawEntry]) -> Iterator[list[RawEntry]]:
    """Entries of one array at a time, at most 1024 and about 4 MB together."""
    for _, array in groupby(source, key=lambda one: one.array):
        batch: list[RawEntry] = []
        for one in array:
            batch.append(one)
            if len(batch) == BATCH_ENTRIES or one.end - batch[0].start >= BATCH_BYTES:
                yield batch
                batch = []
        if batch:
            yield batch
