"""What a batch has of one log, as the ledger keeps it: lines, days, and who came when."""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Mapping
from itertools import compress

from mtdata.core.errors import DamageError
from mtdata.weblogs.chunks import HitColumns
from mtdata.weblogs.ledger.batches import Share
from mtdata.weblogs.local_days import LocalDays
from mtdata.weblogs.pieces import CAMPAIGN, DOWNLOAD, KEYED, NAMED_USER

BESIDES = {"downloads": DOWNLOAD, "campaigns": CAMPAIGN, "users": NAMED_USER, "keyed": KEYED}
"""What is counted of the hits of a day besides, by the bit that says so."""
SELECTORS = {
    name: bytes(1 if sign & bit else 0 for sign in range(256)) for name, bit in BESIDES.items()
}
EACH = 12
"""Bytes of a hit: its visitor's number, and its second since 1970."""


def share_of(log: int, hits: HitColumns, days: LocalDays) -> Share:
    """The hits of a log that are in a batch."""
    each = days.of_each(hits.moments)
    is_one = each.count(each[0]) == len(each)
    return Share(
        log,
        hits.lines,
        {each[0]: len(each)} if is_one else dict(Counter(each)),
        _besides(each, hits.marks),
        packed_visitors(hits.visitors, hits.moments),
    )


def _besides(days: list[str], marks: bytes) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for name, selector in SELECTORS.items():
        selected = marks.translate(selector)
        if not any(selected):  # mostly so, and a log of few lines has many shares
            continue
        for day, count in Counter(compress(days, selected)).items():
            found.setdefault(day, {})[name] = count
    return found


def packed_visitors(visitors: array[int], moments: array[int]) -> bytes:
    """Numbers of visitors, and behind them the seconds of their hits."""
    columns = array("Q", visitors), array("I", moments)
    if sys.byteorder == "big":
        for column in columns:
            column.byteswap()
    return b"".join(column.tobytes() for column in columns)


def unpacked_visitors(blob: bytes) -> tuple[array[int], array[int]]:
    """The numbers and the seconds.  DamageError for what `packed_visitors` did not make."""
    count, rest = divmod(len(blob), EACH)
    if rest:
        raise DamageError("the ledger of web logs: visitors that cannot be read")
    columns = array("Q"), array("I")
    columns[0].frombytes(blob[: 8 * count])
    columns[1].frombytes(blob[8 * count :])
    if sys.byteorder == "big":
        for column in columns:
            column.byteswap()
    return columns
