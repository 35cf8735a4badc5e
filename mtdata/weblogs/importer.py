"""Hits out of logs into Matomo: each is in the ledger before it goes out, and behind it its end.

The promise: a line is stored once, or it is quarantined by name.  What goes out is committed before
(`sending`); what comes back is judged, and committed; what was never out waits for a later import.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from mtdata.core.clock import SystemClock
from mtdata.core.stop import StopToken
from mtdata.weblogs.chunks import BlockHits, HitLoad, Shards, chunks_of
from mtdata.weblogs.feed import Feed, ReadBegin, ReadBlock, ReadEnd
from mtdata.weblogs.flights import Flight, Leg
from mtdata.weblogs.lanes import Lanes
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.batches import Share
from mtdata.weblogs.ledger.logs import Mark
from mtdata.weblogs.ledger.schema import LogState
from mtdata.weblogs.local_days import LocalDays
from mtdata.weblogs.matomo.errors import TrackingError, TrackingRefused
from mtdata.weblogs.matomo.tracker import Target, Tracker
from mtdata.weblogs.matomo.verdict import Fate
from mtdata.weblogs.outcomes import SAFE, Outcomes
from mtdata.weblogs.pace import MOST_LANES, START, BatchSize, LaneCount
from mtdata.weblogs.progress import ImportProgress
from mtdata.weblogs.visitors import share_of

POLL_S, GATHERED = 0.25, 2_000


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How an import goes about it."""

    target: Target
    idsite: int
    zone: ZoneInfo  # in which Matomo counts the site's days
    first_hits: int = START
    most_lanes: int = MOST_LANES
    backoff_s: float = 1.0


def probe(terms: ImportOptions) -> None:
    """Ask Matomo whether it takes our hits, storing none.

    TrackingRefused when it does not, TrackingError when it says nothing that can be taken.
    """
    tracker = Tracker(terms.target)
    try:
        verdict = tracker.probe(terms.idsite)
    finally:
        tracker.close()
    if verdict.fate is Fate.REFUSED:
        raise TrackingRefused(f"{verdict.words}. {SAFE}")
    if verdict.fate is not Fate.STORED:
        raise TrackingError(f"Matomo is not as it should be: {verdict.words}. {SAFE}")


class Importer:
    """Sends what a feed brings; used once."""

    def __init__(
        self,
        ledger: WeblogLedger,
        terms: ImportOptions,
        stop: StopToken,
        told: Callable[[int], None] = lambda hits: None,
    ) -> None:
        """`told` hears how many hits have come to their end."""
        self._ledger, self._stop, self._told = ledger, stop, told
        self._clock = SystemClock()
        self._size, self._count = BatchSize(terms.first_hits), LaneCount(terms.most_lanes)
        self._days = LocalDays(terms.zone)
        self._shards, self._progress = Shards(), ImportProgress()
        self._lanes: Lanes[Flight] = Lanes(terms.target)
        self._outcomes = Outcomes(
            ledger,
            self._size,
            self._count,
            lambda: probe(terms),
            lambda flight: self._shards.release(flight.whole),
            self._shares_of,
            terms.backoff_s,
        )
        self._ends: list[ReadEnd] = []
        self._blocks = self._gathered = 0
        self._held: list[BlockHits] = []
        self._is_news = self._is_idle = False

    def run(self, feed: Feed) -> None:
        """Send all that the feed brings.

        TrackingError or TrackingRefused when Matomo takes no more; what was not stored is given
        back then.  Stopped when asked to end, BusyError or Fenced when the work is another's by
        now: what is under way is waited for, and entered.
        """
        more = True
        try:
            while (more or self._is_busy()) and self._outcomes.fault is None:
                self._stop.check()
                more = more and self._read(feed)
                self._step(flush=not more)
        finally:
            try:
                self._land()
            finally:
                self._lanes.close()
        if self._outcomes.fault:
            raise self._outcomes.fault

    def _is_busy(self) -> bool:
        waiting = self._outcomes.later or self._outcomes.entries or self._ends
        return bool(self._shards.hits or self._lanes.under_way or waiting)

    def _read(self, feed: Feed) -> bool:
        """Take what there is room for; whether there is more."""
        lanes = self._count.count
        room = lanes * self._size.most_bytes
        more = True
        while self._shards.size < room and self._shards.hits < 4 * lanes * self._size.hits:
            found = next(feed, None)
            if found is None:
                more = False
                break
            self._take(found)
            if self._lanes.under_way and self._shards.hits + self._gathered >= self._enough():
                break  # some may have come back
        self._gather(0)
        return more

    def _enough(self) -> int:
        """So many hits that each lane finds a batch."""
        waiting = self._shards
        full = self._size.hits
        if waiting.hits:
            full = min(full, self._size.most_bytes * waiting.hits // waiting.size)
        return max(1, full * self._count.count // 2)

    def _take(self, found: ReadBegin | ReadBlock | ReadEnd) -> None:
        if isinstance(found, ReadBegin):
            self._progress.begin(found.log, found.skipped, found.again)
            self._is_news = True
        elif isinstance(found, ReadEnd):
            self._ends.append(found)
            self._is_news = True
        else:
            self._put(found)

    def _put(self, block: ReadBlock) -> None:
        number = self._blocks = self._blocks + 1
        hits = len(block.hits.requests)
        progress = self._progress.of(block.log)
        if block.known:
            number = 0
            progress.again += hits
        else:
            progress.add(number, block.last_line, block.end, block.digest, block.skipped, hits)
        self._is_news = True
        self._held.append(BlockHits(block.log, number, block.hits))
        self._gathered += hits
        self._gather(GATHERED)

    def _gather(self, most: int) -> None:
        """Let the hits of small blocks wait together, for each shard costs its own."""
        if self._gathered > most:
            self._shards.put(chunks_of(self._held))
            self._held.clear()
            self._gathered = 0

    def _step(self, *, flush: bool) -> None:
        """Enter what came back and what goes out in one commit; then let it go."""
        returned = self._lanes.returned(POLL_S if self._is_idle else 0.0)
        for one in returned:
            self._outcomes.judge(one)
        leaving: list[Flight] = []
        if self._outcomes.fault is None:
            room = self._count.count - self._lanes.under_way
            self._count.is_short |= room <= 0 and self._shards.hits >= self._enough()
            leaving = self._outcomes.due(room)
            for flight in self._new(room - len(leaving), flush=flush):
                self._progress.began(flight.leg.load)
                leaving.append(flight)
        self._is_idle = not (leaving or returned or self._is_news)
        if leaving or self._is_news or self._outcomes.entries:
            self._commit(leaving)
        for flight in leaving:
            self._lanes.send(flight, flight.leg.load.requests())
        if self._is_idle and not self._lanes.under_way:  # all that is left waits for its next try
            time.sleep(POLL_S)
        self._told(self._outcomes.ended)

    def _new(self, room: int, *, flush: bool) -> list[Flight]:
        """At most so many batches of what waits; full ones as long as more is to come."""
        found: list[Flight] = []
        enough = 1 if flush else self._enough()
        while len(found) < room and self._shards.hits >= enough:
            load = self._shards.load(self._size.hits, self._size.most_bytes, self._count.count)
            if load is None:  # what waits is of visitors that are under way
                break
            found.append(Flight(load, deque([Leg(load, 0)])))
        return found

    def _commit(self, leaving: list[Flight]) -> None:
        """What is entered is worked out before, and counts as entered behind it.

        So the commit can be made again, where the ledger's database asks for that.
        """
        marks = list(self._progress.marks())
        ends = [one for one in self._ends if self._progress.of(one.log).is_at_rest]

        def enter() -> list[int]:
            self._enter_outcomes()
            numbers = [self._enter_leaving(flight.leg) for flight in leaving]
            self._enter_marks(marks, ends)
            return numbers

        numbers = self._ledger.whole(enter)
        for flight, number in zip(leaving, numbers, strict=True):
            flight.leg.number = number
            flight.leg.tries += 1
        for end in ends:
            self._progress.end(end.log)
            self._ends.remove(end)
        self._outcomes.entries.clear()
        self._is_news = False

    def _enter_outcomes(self) -> None:
        for entry in self._outcomes.entries:
            entry()

    def _enter_leaving(self, leg: Leg) -> int:
        """The number of its batch."""
        now = self._clock.now()
        if leg.number:
            self._ledger.batches.send_again(leg.number, now)
            return leg.number
        shares = self._shares_of(leg.load)
        self._ledger.logs.check_turns([share.log for share in shares])
        return self._ledger.batches.begin(shares, leg.load.size, now)

    def _shares_of(self, load: HitLoad) -> list[Share]:
        return [share_of(log, hits, self._days) for log, hits in load.by_log().items()]

    def _enter_marks(self, marks: list[tuple[int, Mark]], ends: list[ReadEnd]) -> None:
        """How far each log is by what has gone out, and which is at its end."""
        logs = self._ledger.logs
        for log, mark in marks:
            logs.advance(log, mark)
        for end in ends:
            if end.state in (LogState.DONE, LogState.CUT):
                logs.caught_up(end.log, self._progress.of(end.log).again_before)
            logs.end(end.log, end.state, self._clock.now(), end.reason, end.format)

    def _land(self) -> None:
        """Wait for what is under way, and give back what was not stored."""
        self._outcomes.is_closing = True
        while self._lanes.under_way:
            for one in self._lanes.returned(POLL_S):
                self._outcomes.judge(one)
        self._outcomes.give_back()
        if self._outcomes.entries:
            self._ledger.whole(self._enter_outcomes, is_ours=False)
            self._outcomes.entries.clear()
        self._told(self._outcomes.ended)
