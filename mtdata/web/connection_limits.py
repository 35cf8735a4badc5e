"""Which connection has had its time, and which gives way: decided purely, it asks no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import inf
from typing import NamedTuple


class Limits(NamedTuple):
    """How long and how many; times in seconds."""

    request_s: float = 15.0
    """From the first byte of a request (of a new connection: from its beginning) to the last."""
    idle_s: float = 30.0
    """Between two requests."""
    reader_s: float = 300.0
    """For the next `progress` bytes of an answer to be taken."""
    progress: int = 1 << 14
    upload_s: float = 60.0
    """For the next `upload_progress` bytes of a large body that was let in to come."""
    upload_progress: int = 1 << 18
    upload_all_s: float = 1800.0
    """For all of it."""
    of_one_address: int = 64
    """Connections at which nothing is being done: then the oldest gives way to a new one."""
    of_all: int = 400
    """Connections of all addresses at which nothing is being done."""

    def within(self, room: int) -> Limits:
        """The limits where no more than so many connections fit: half of them may wait."""
        most = min(self.of_all, room // 2)
        return self._replace(of_all=most, of_one_address=min(self.of_one_address, most))


class State(NamedTuple):
    """What is to be known of a connection to judge it; times by one clock that never jumps."""

    share: str
    """Who has it."""
    since: float
    """When its unfinished request began, it became idle, or an answer was last taken from."""
    waits_for: str
    """`request` for the rest of one, `nothing` between two, `upload`, `reader`, `us`."""
    began: float = inf
    """When its upload did; `since` is when enough of it last came."""


def is_over(state: State, now: float, limits: Limits) -> bool:
    """Whether it has had its time."""
    most = {
        "request": limits.request_s,
        "nothing": limits.idle_s,
        "reader": limits.reader_s,
        "upload": limits.upload_s,
    }
    is_slow = state.waits_for in most and now - state.since > most[state.waits_for]
    return is_slow or now - state.began > limits.upload_all_s


def giving_way(states: Sequence[State], newest: str, now: float, limits: Limits) -> int | None:
    """Which of them ends so that another one of `newest` has room; None: there is room.

    The oldest of its own where it has its share, else the oldest of whoever has most.  A reader is
    asked last, and only one that has not read for as long as a request may take; an upload never.
    """

    def may_end(state: State) -> bool:
        if state.waits_for == "reader":
            return now - state.since > limits.request_s
        return state.waits_for in ("request", "nothing")

    counts = Counter(state.share for state in states if may_end(state))
    if counts[newest] > limits.of_one_address:
        crowded = newest
    elif counts.total() > limits.of_all:
        crowded = max(counts, key=counts.__getitem__)
    else:
        return None
    known = [i for i, state in enumerate(states) if state.share == crowded and may_end(state)]
    return min(known, key=lambda i: (states[i].waits_for == "reader", states[i].since))
