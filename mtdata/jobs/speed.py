"""How fast a job goes and how long it may still take; pure, and honest where it cannot know."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

LEAST_SHARE, MOST_GUESSED = 0.02, 0.9


class PartSpan(NamedTuple):
    """A part of the work: its rows so far, how many are expected, the seconds it took so far."""

    rows: int
    seconds: float
    expected: int | None = None

    @property
    def share(self) -> float | None:
        """How much of it is done, of 1; None where nobody knows."""
        return min(1.0, self.rows / self.expected) if self.expected else None


class JobSpeed(NamedTuple):
    """Rows a second, and the seconds that are left; None where it cannot be known."""

    rows_s: float | None = None
    left_s: float | None = None


class CallCount(NamedTuple):
    """How often a service was asked, and how often it will be by the end, about or at least."""

    made: int
    needed: int
    is_least: bool


def calls_of(made: int, finished: Sequence[int], running: Sequence[int], waiting: int) -> CallCount:
    """Parts that are left take as many calls as the last that were finished, and one at least."""
    each = max(1.0, fmean(finished)) if finished else 1.0
    left = waiting * each + sum(max(0.0, each - calls) for calls in running)
    return CallCount(made, made + math.ceil(left), is_least=not finished)


def share_of(done: int, running: float, total: int) -> float:
    """How much of a job is done, of 1; `running` is the sum of the shares of parts that run."""
    return min(1.0, (done + running) / total) if total else 0.0


def speed_of(finished: Sequence[PartSpan], running: Sequence[PartSpan], waiting: int) -> JobSpeed:
    """By the parts that run and the last that were finished; `waiting` parts are still to come.

    Spans of parts are taken, not of the job: it may have waited between two of them for days.
    """
    if not running:
        return JobSpeed()
    return JobSpeed(_rows_s(finished, running), _left_s(finished, running, waiting))


def _rows_s(finished: Sequence[PartSpan], running: Sequence[PartSpan]) -> float | None:
    speeds = [bit.rows / bit.seconds for bit in running if bit.rows and bit.seconds > 0]
    if speeds:
        return sum(speeds)
    seconds = sum(bit.seconds for bit in finished)
    rows = sum(bit.rows for bit in finished)
    return len(running) * rows / seconds if rows and seconds > 0 else None


def _left_s(
    finished: Sequence[PartSpan], running: Sequence[PartSpan], waiting: int
) -> float | None:
    spans = [bit.seconds for bit in finished] or [
        bit.seconds / bit.share for bit in running if bit.share and bit.share >= LEAST_SHARE
    ]
    if not spans or fmean(spans) <= 0:
        return None
    span = fmean(spans)
    begun = sum(
        min(MOST_GUESSED, bit.seconds / span) if bit.share is None else bit.share for bit in running
    )
    return (waiting + len(running) - begun) * span / len(running)
