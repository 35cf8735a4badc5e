"""Raw files read without a ledger: ours, and those of the original program, as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mtdata.domain.package import Entry, elements, window
from mtdata.errors import PackageError


def raw_entries(chunks: Iterable[bytes]) -> Iterator[tuple[int, Entry]]:
    """Every entry with the number of the array it stands in, from 0.

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
                yield array, entry
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
