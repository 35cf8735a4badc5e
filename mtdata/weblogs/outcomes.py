"""What becomes of each batch by its answer: ended, tried again, halved, quarantined; it sends none.

What is to be entered in the ledger is gathered in `entries`, for one commit after the judging: that
may ask Matomo again, which no commit should wait for.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from mtdata.core.backoff import Backoff
from mtdata.core.clock import SystemClock
from mtdata.weblogs.chunks import HitLoad
from mtdata.weblogs.flights import Flight, Leg
from mtdata.weblogs.lanes import Returned
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.batches import Share
from mtdata.weblogs.ledger.schema import BatchState
from mtdata.weblogs.matomo.errors import TrackingError, TrackingRefused
from mtdata.weblogs.matomo.tracker import BatchAnswer
from mtdata.weblogs.matomo.verdict import BatchVerdict, Fate
from mtdata.weblogs.pace import BatchSize, LaneCount

log = logging.getLogger(__name__)
MOST_TRIES, LONGEST_PAUSE_S = 6, 30.0
MOST_IN_DOUBT, MOST_POISONED = 3, 5
"""So many batches in a row without a good one between: Matomo is ill, and gets no more of them."""
SAFE = "No line is lost: the next import goes on where this one ended"
ALL_INVALID = (
    "Matomo takes none of a whole batch: is the token's user allowed to write to this site, is the "
    "idsite right, are the lines older than what it keeps (delete_logs_older_than)? After 20 such "
    "answers within an hour it locks our address out"
)
HALF = "half of a batch that was not taken"


class Outcomes:
    """Judges what came back.  `fault` is set when nothing more should go out."""

    def __init__(
        self,
        ledger: WeblogLedger,
        size: BatchSize,
        lanes: LaneCount,
        probe: Callable[[], None],
        release: Callable[[Flight], None],
        shares_of: Callable[[HitLoad], list[Share]],
        backoff_s: float,
    ) -> None:
        self._shares_of = shares_of
        self._ledger, self._size, self._lanes = ledger, size, lanes
        self._probe, self._release, self._backoff_s = probe, release, backoff_s
        self._clock = SystemClock()
        self._in_doubt = self._poisoned = 0
        self._stored_any = False
        self.later: deque[Flight] = deque()
        self.entries: list[Callable[[], object]] = []
        self.fault: TrackingError | None = None
        self.is_closing = False
        self.ended = 0

    def judge(self, one: Returned[Flight]) -> None:
        """Decide what becomes of a batch that came back."""
        flight = one.what
        if one.sent is None:
            self._wait(flight, str(one.fault))
            return
        judge = {
            Fate.STORED: self._stored,
            Fate.NOTHING: self._rolled_back,
            Fate.SMALLER: self._too_large,
            Fate.REFUSED: self._refused,
            Fate.AMBIGUOUS: self._ambiguous,
        }[one.sent.verdict.fate]
        judge(flight, one.sent)

    def due(self, room: int) -> list[Flight]:
        """At most so many batches whose next try may be now."""
        now = self._clock.ticks()
        found = [flight for flight in self.later if flight.due_at <= now][: max(0, room)]
        for flight in found:
            self.later.remove(flight)
        return found

    def give_back(self) -> None:
        """What waits for another try is left to a later import."""
        for flight in self.later:
            for leg in flight.legs:
                self.entries.append(partial(self._give_back, leg))
        self.later.clear()

    def _give_back(self, leg: Leg) -> None:
        self._ledger.batches.give_back(leg.number)  # which a half has not before it is entered

    def _stored(self, flight: Flight, sent: BatchAnswer) -> None:
        hits, verdict = flight.leg.load.hits, sent.verdict
        if verdict.invalid == hits and not self._is_about_hits(hits):
            self._wait(flight, ALL_INVALID)
            self._give_up(TrackingRefused, ALL_INVALID)
            return
        self._stored_any = self._stored_any or verdict.tracked > 0
        self._in_doubt = self._poisoned = 0
        self._size.went_well(hits, sent.seconds)
        self._lanes.answered(hits, sent.seconds, self._clock.ticks())
        self._end(flight, BatchState.STORED, verdict)

    def _is_about_hits(self, hits: int) -> bool:
        """Whether a batch that is invalid as a whole speaks of its hits, and not of our token."""
        return self._stored_any and (hits == 1 or self._is_well())

    def _is_well(self) -> bool:
        """Whether Matomo takes hits from us at all; it is asked no more once we gave up."""
        if self.fault is not None or self.is_closing:
            return False
        try:
            self._probe()
        except TrackingError as error:
            log.warning("%s", error)
            return False
        return True

    def _rolled_back(self, flight: Flight, sent: BatchAnswer) -> None:
        """Nothing is stored.  What fails again while Matomo is well has a hit that poisons it."""
        leg = flight.leg
        if leg.tries < 2 or not self._is_well():
            self._wait(flight, sent.verdict.words)
        elif leg.load.hits > 1:
            self._halve(flight)
        else:
            self._poisoned += 1
            self._end(flight, BatchState.POISONED, sent.verdict)
            if self._poisoned >= MOST_POISONED:
                words = f"one hit after another fails: {sent.verdict.words}"
                self._give_up(TrackingRefused, words)

    def _too_large(self, flight: Flight, sent: BatchAnswer) -> None:
        load = flight.leg.load
        self._size.was_refused(load.hits, load.size if sent.by_bytes else 0)
        if load.hits > 1:
            self._halve(flight)
        else:
            self._rolled_back(flight, sent)

    def _refused(self, flight: Flight, sent: BatchAnswer) -> None:
        self._wait(flight, sent.verdict.words)
        self._give_up(TrackingRefused, sent.verdict.words)

    def _ambiguous(self, flight: Flight, sent: BatchAnswer) -> None:
        self._in_doubt += 1
        if sent.status in (0, HTTPStatus.GATEWAY_TIMEOUT):
            self._size.was_refused(flight.leg.load.hits)
        self._end(flight, BatchState.QUARANTINED, sent.verdict)
        if self._in_doubt >= MOST_IN_DOUBT:
            words = f"{sent.verdict.words}, {self._in_doubt} times in a row"
            self._give_up(TrackingError, words)

    def _wait(self, flight: Flight, words: str) -> None:
        """Nothing of it is stored: it is tried again, later each time, or Matomo is given up."""
        leg = flight.leg
        self.entries.append(partial(self._ledger.batches.wait, leg.number, words))
        pause = Backoff(self._backoff_s, LONGEST_PAUSE_S).pause_s(leg.tries)
        flight.due_at = self._clock.ticks() + pause
        self.later.append(flight)
        if leg.tries >= MOST_TRIES:
            self._give_up(TrackingError, f"{words}, {leg.tries} times")

    def _halve(self, flight: Flight) -> None:
        """Its halves instead of it, one after the other."""
        leg = flight.legs.popleft()
        halves = [Leg(half, 0) for half in leg.load.halves()]
        flight.legs.extendleft(reversed(halves))
        self.entries.append(partial(self._enter_halves, leg, halves))
        flight.due_at = 0.0
        self.later.append(flight)

    def _enter_halves(self, leg: Leg, halves: list[Leg]) -> None:
        self._ledger.batches.forget(leg.number)
        for half in halves:
            shares = self._shares_of(half.load)
            half.number = self._ledger.batches.begin(shares, half.load.size, self._clock.now())
            self._ledger.batches.wait(half.number, HALF)

    def _end(self, flight: Flight, state: BatchState, verdict: BatchVerdict) -> None:
        leg = flight.legs.popleft()
        refused = leg.load.lines_at(verdict.indices)
        now = self._clock.now()
        end = partial(self._ledger.batches.end, leg.number, state, verdict, now, refused)
        self.entries.append(end)
        self.ended += leg.load.hits
        if flight.legs:
            flight.due_at = 0.0
            self.later.append(flight)
        else:
            self._release(flight)

    def _give_up(self, kind: type[TrackingError], words: str) -> None:
        if self.fault is None:
            self.fault = kind(f"{words}. {SAFE}")
