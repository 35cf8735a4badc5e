"""Bytes that lie near to one another in one file, read in few goes; it knows no ledger."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import add

from mtdata.core.ports import Disk

READ_AHEAD = 1 << 20


def neighbours(
    disk: Disk, path: str, starts: Sequence[int], lengths: Sequence[int]
) -> Iterator[bytes]:
    """The bytes at each place of one file, b"" where it is gone; places come in their order.

    They are read up to 1 MiB at a time, with what lies between them.
    """
    ends, first = list(map(add, starts, lengths)), 0
    while first < len(ends):
        begin = starts[first]
        last = max(first + 1, bisect_right(ends, begin + READ_AHEAD, first))
        length = 0 if disk.size(path) is None else max(ends[first:last]) - begin
        content = disk.read(path, begin, length) if length > 0 else b""
        here = zip(starts[first:last], ends[first:last], strict=True)
        yield from [content[start - begin : end - begin] for start, end in here]
        first = last
