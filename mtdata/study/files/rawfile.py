"""Raw files read without a ledger: ours, and those of the original program, as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import NamedTuple

from mtdata.core.control import in_utf8
from mtdata.core.errors import PackageError
from mtdata.core.ports import Disk
from mtdata.study.files.archive import BETWEEN, CLOSING
from mtdata.study.model.bounds import BATCH_BYTES
from mtdata.study.model.mark import FileMark
from mtdata.study.model.package import BATCH_ENTRIES, Entry, elements, is_json
from mtdata.study.model.stream import StreamWindow

LONGEST_OPENING = 4096
_OPENING = re.compile(rb'(?:(?:\n\],\n|\{)("(?:[^"\\]|\\.)*"): \[\n)+')
"""What stands before the first entry of an array of ours; an array without entries is passed by."""


class RawEntry(NamedTuple):
    """An entry with its first byte in the file and the number of its array, from 0.

    `key` is the name of its array where it was read, '' where it was not.
    """

    array: int
    start: int
    entry: Entry
    key: str = ""

    @property
    def end(self) -> int:
        """The first byte behind the entry."""
        return self.start + len(self.entry.body)


def raw_entries(chunks: Iterable[bytes]) -> Iterator[RawEntry]:
    """Every entry of a raw file, in order.

    Reads one object of arrays, a bare array, and several of either one after another.
    PackageError where the file cannot be followed any further, and at its end when it could be,
    but not without doubt.
    """
    view = StreamWindow(chunks)
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


# what stands behind the known length of a file of ours --------------------------------------------


class Tail(NamedTuple):
    """What stands behind the known length of a raw file, as far as it has our form.

    `end` is the byte behind its last whole entry; `closed`: the file ends there as ours do.
    """

    entries: int
    arrays: int
    end: int
    closed: bool


def tail_of(disk: Disk, mark: FileMark) -> Tail:
    """Follow what stands behind the known length, and take none of it."""
    entries, arrays, end = 0, set(), mark.length
    for one in tail_entries(disk, mark):
        entries, end = entries + 1, one.end
        arrays.add(one.array)
    closed = disk.read(mark.path, end, len(CLOSING) + 1) == CLOSING
    return Tail(entries, len(arrays), end, closed)


def tail_entries(disk: Disk, mark: FileMark) -> Iterator[RawEntry]:
    """The entries behind the known length, while each stands where an append of ours puts it.

    Ends without a word where the form is another: what follows is torn, or somebody else's.
    """
    place, array = mark.length, -1
    for one in _followed(disk, mark):
        gap = disk.read(mark.path, place, min(one.start - place, LONGEST_OPENING))
        opening = _OPENING.fullmatch(gap)
        goes_on = gap == BETWEEN and place > 0 and (array == one.array or array < 0)
        begins = opening and array != one.array and (place == 0) == gap.startswith(b"{")
        if not (goes_on or begins) or not is_json(one.entry):
            return
        yield one._replace(key=_key_in(opening))
        place, array = one.end, one.array


def _followed(disk: Disk, mark: FileMark) -> Iterator[RawEntry]:
    """A tail read as if a file began there: with what it lacks to be one put before it."""
    skipped, head = 0, b""
    if mark.length:
        goes_on = disk.read(mark.path, mark.length, len(BETWEEN)) == BETWEEN
        skipped, head = (len(BETWEEN), b"[") if goes_on else (len(b"\n],\n"), b"{")
    before = mark.length + skipped - len(head)
    size = disk.size(mark.path) or 0
    if size <= mark.length + skipped:
        return
    try:
        chunks = disk.stream(mark.path, mark.length + skipped, size - mark.length - skipped)
        for one in raw_entries(chain([head], chunks)):
            yield one._replace(start=before + one.start)
    except PackageError:
        return


def opening_key(disk: Disk, path: str) -> str:
    """The name of the first package in a file of our form; '' in any other."""
    return _key_in(_OPENING.match(disk.read(path, 0, LONGEST_OPENING)))


def _key_in(opening: re.Match[bytes] | None) -> str:
    try:
        return in_utf8(str(json.loads(opening[1]))) if opening else ""
    except ValueError:
        return ""
