"""Entries and rows taken out of a file: which stretches go, what is left, where it stands then.

It decides for nobody whose entries these are, and writes nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate, groupby
from typing import NamedTuple

from mtdata.core.errors import StorageError
from mtdata.core.ports import Disk
from mtdata.study.files.rawfile import RawEntry

_SEPARATOR = re.compile(rb"\s*,\s*")
MOST = 64
LAST = 2**63 - 1


class UnsafeCut(StorageError):
    """Something that is no entry stands beside one that goes: nothing was cut."""


class Cut(NamedTuple):
    """A stretch that goes: its first byte, and the first behind it."""

    start: int
    end: int


class Cuts:
    """All stretches that go from one file, in order, none touching another."""

    def __init__(self, found: Iterable[Cut]) -> None:
        self.stretches = _merged(found)
        self._starts = [cut.start for cut in self.stretches]
        lengths = (cut.end - cut.start for cut in self.stretches)
        self._gone = [0, *accumulate(lengths)]

    def __bool__(self) -> bool:
        return bool(self.stretches)

    @property
    def total(self) -> int:
        """How many bytes go."""
        return self._gone[-1]

    def moved(self, place: int) -> int:
        """Where what stood at that place stands afterwards; within a cut, where the cut was."""
        number = bisect_right(self._starts, place)
        if number and place < self.stretches[number - 1].end:
            return self.stretches[number - 1].start - self._gone[number - 1]
        return place - self._gone[number]

    def shifts(self) -> list[tuple[int, int, int]]:
        """From where, up to where, what stays moves by how many bytes to the front."""
        ends = [*self._starts[1:], LAST][: len(self.stretches)]
        behind = zip(self.stretches, ends, self._gone[1:], strict=True)
        return [(cut.end, until, by) for cut, until, by in behind]

    def remaining(self, disk: Disk, path: str) -> Iterator[bytes]:
        """What is left of the file, in pieces."""
        place = 0
        for start, end in self.stretches:
            if start > place:
                yield from disk.stream(path, place, start - place)
            place = end
        size = disk.size(path) or 0
        if size > place:
            yield from disk.stream(path, place, size - place)


def _merged(found: Iterable[Cut]) -> list[Cut]:
    merged: list[Cut] = []
    for cut in sorted(found):
        if merged and cut.start <= merged[-1].end:
            merged[-1] = Cut(merged[-1].start, max(cut.end, merged[-1].end))
        else:
            merged.append(cut)
    return merged


def entry_cuts(disk: Disk, path: str, entries: Iterable[tuple[RawEntry, bool]]) -> Iterator[Cut]:
    """The stretches of a raw file that hold the entries which go, each with one separator.

    `entries` are all of the file, with whether each goes.  UnsafeCut where something else than a
    separator stands beside one that goes.
    """
    for _, array in groupby(entries, key=lambda one: one[0].array):
        yield from _of_array(disk, path, array)


def _of_array(disk: Disk, path: str, array: Iterable[tuple[RawEntry, bool]]) -> Iterator[Cut]:
    is_any_kept, before = False, None
    opening: RawEntry | None = None  # the first that goes, while none before it stays
    for one, goes in array:
        if before is not None and (goes or opening):
            _check_separator(disk, path, before.end, one.start)
        if goes and (before is not None and is_any_kept):
            yield Cut(before.end, one.end)
        elif goes:
            opening = opening or one
        elif opening:
            yield Cut(opening.start, one.start)
            opening = None
        is_any_kept = is_any_kept or not goes
        before = one
    if opening and before:
        yield Cut(opening.start, before.end)


def _check_separator(disk: Disk, path: str, start: int, end: int) -> None:
    between = disk.read(path, start, min(end - start, MOST))
    if end - start > MOST or not _SEPARATOR.fullmatch(between):
        raise UnsafeCut(
            f"{path}: something that is no entry stands behind byte {start}, so nothing can be "
            "cut out of it safely. `mtdata verify` says what is wrong with the file"
        )
