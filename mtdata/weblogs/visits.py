"""How many visits Matomo must have made of the hits that it stored, as far as they can tell.

A visit goes on while less than half an hour lies between its hits, and ends at the site's midnight.
Whom Matomo takes for one visitor only a hit with `cid` tells; for others it shortens addresses and
reads browsers out of user agents, so that our visitors may be one to it, and never the other way.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from mtdata.weblogs.ledger.batches import KEPT_DAYS
from mtdata.weblogs.ledger.counts import day_besides, day_count
from mtdata.weblogs.ledger.port import LineDatabase
from mtdata.weblogs.ledger.schema import BatchState
from mtdata.weblogs.local_days import LocalDays
from mtdata.weblogs.visitors import unpacked_visitors

BREAK_S, MOST_ACTIONS = 1800, 10_000
AT_ONCE = 200_000
"""Hits that are held in memory; of more, visitors are counted in several goes."""
FORGOTTEN = (
    f"who came is not in the ledger: it is kept for {KEPT_DAYS} days, and was not by older programs"
)
USERS = "hits with the names of users: whom of them Matomo takes for one visitor is not known"


class VisitRange(NamedTuple):
    """Visits of a day: `least` to `most`; `unknown` says why there is no telling, '' where is."""

    least: int
    most: int
    unknown: str = ""

    def allows(self, visits: int) -> bool:
        """Whether there may be so many."""
        return bool(self.unknown) or self.least <= visits <= self.most

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        if self.unknown:
            return {"unknown": self.unknown}
        return {"least": self.least, "most": self.most}

    @property
    def words(self) -> str:
        """For people."""
        if self.unknown:
            return "unknown"
        return str(self.most) if self.least == self.most else f"{self.least} to {self.most}"


def visits_of(database: LineDatabase, day: date, days: LocalDays) -> VisitRange:
    """The visits that the hits of a day make, of whatever log, by what the ledger has."""
    counted = day_count(database, day)
    stored, doubtful = day_besides(database, day)
    if stored.users or doubtful.users:
        return VisitRange(0, 0, USERS)
    batches = _batches(database, day)
    hits = counted.stored + counted.invalid
    least = most = 0
    goes = max(1, -(-hits // AT_ONCE))
    for go in range(goes):
        found = _visitors(database, day, days.bounds(day), batches, go, goes)
        if found is None:
            return VisitRange(0, 0, FORGOTTEN)
        for one in found.values():
            few, many = visits_between(one.moments, is_order_known=one.is_order_known)
            least, most = least + few, most + many
    if stored.keyed < hits:
        least = min(least, 1)
    loose = counted.doubtful + counted.invalid
    return VisitRange(max(0, least - loose), most + stored.campaigns + loose)


def visits_between(moments: Sequence[int], *, is_order_known: bool = True) -> tuple[int, int]:
    """How many visits one visitor's hits of a day are at least and at most, as they came.

    Those that came in order are so many exactly: between others it hangs on which of two visits
    Matomo lets one join.  Where the order is not known, each may have come behind any other.
    """
    ordered = sorted(moments)
    is_ordered = is_order_known and ordered == [*moments]
    shortest = BREAK_S if is_ordered else BREAK_S + 1  # backwards, half an hour joins
    gaps = sum(after - before >= shortest for before, after in pairwise(ordered))
    if is_order_known:
        steps = sum(abs(after - before) >= BREAK_S for before, after in pairwise(moments))
    else:
        steps = len(moments) - 1 if ordered[-1] - ordered[0] >= BREAK_S else 0
    longer = len(moments) // MOST_ACTIONS
    return 1 + gaps, 1 + steps + longer


class SentBatch(NamedTuple):
    """A batch that is stored, and between when it was under way."""

    number: int
    sent_at: datetime
    ended_at: datetime


class VisitorHits:
    """One visitor's hits of a day, as their batches went out."""

    __slots__ = ("ended_at", "is_order_known", "moments")

    def __init__(self) -> None:
        self.moments = array("I")
        self.is_order_known = True
        self.ended_at: datetime | None = None

    def note_batch(self, batch: SentBatch) -> None:
        """That batch has some; imports beside each other may have one visitor under way twice."""
        if self.ended_at is None or self.ended_at <= batch.sent_at:
            self.ended_at = batch.ended_at
        else:
            self.is_order_known = False
            self.ended_at = max(self.ended_at, batch.ended_at)


def _batches(database: LineDatabase, day: date) -> list[SentBatch]:
    rows = database.all(
        "SELECT DISTINCT s.batch, b.sent_at, b.ended_at FROM shares s"
        " JOIN batches b ON b.number = s.batch"
        " WHERE b.site = ? AND b.state = ? AND s.local_days LIKE ? ORDER BY s.batch",
        database.site, BatchState.STORED, f'%"{day}"%',
    )  # fmt: skip
    return [SentBatch(row[0], *map(datetime.fromisoformat, row[1:])) for row in rows]


def _visitors(
    database: LineDatabase,
    day: date,
    bounds: tuple[int, int],
    batches: Sequence[SentBatch],
    go: int,
    goes: int,
) -> Mapping[int, VisitorHits] | None:
    """The hits of each visitor of this go; None where the ledger has not all."""
    begin, end = bounds
    found: defaultdict[int, VisitorHits] = defaultdict(VisitorHits)
    for batch in batches:
        seen: set[int] = set()
        for blob in _blobs(database, day, batch.number):
            if blob is None:
                return None
            for visitor, moment in zip(*unpacked_visitors(blob), strict=True):
                if visitor % goes == go and begin <= moment < end:
                    found[visitor].moments.append(moment)
                    seen.add(visitor)
        for visitor in seen:
            found[visitor].note_batch(batch)
    return found


def _blobs(database: LineDatabase, day: date, number: int) -> Iterator[bytes | None]:
    rows = database.all(
        "SELECT visitors FROM shares WHERE batch = ? AND local_days LIKE ? ORDER BY log",
        number,
        f'%"{day}"%',
    )
    return (visitors for (visitors,) in rows)
