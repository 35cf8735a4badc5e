"""Forgets jobs that ended longer ago than JOBS_KEEP: a piece at each call, a pass a day."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from mtdata.alerts import notify
from mtdata.alerts.incident import FAILED_REPORT
from mtdata.config import Settings
from mtdata.core.clock import SystemClock
from mtdata.jobs.kind import Kinds
from mtdata.jobs.records.pruning import ForgottenJob, PrunedPiece, Pruning

log = logging.getLogger(__name__)
EVERY_S, MOST_PIECES = 86_400.0, 500


class DailyPruning:
    """The pruning of a runner, of all that only records know; of several, each finds what is left.

    The daemon does the same, and more (`daemon/keeping.py`): a runner may be without one.
    """

    def __init__(
        self, settings: Settings, kinds: Kinds, ticks: Callable[[], float] | None = None
    ) -> None:
        self._settings, self._kinds = settings, kinds
        self._ticks = ticks or SystemClock().ticks
        self._pass: Iterator[int] | None = None
        self._next_at = self._ticks()

    def step(self) -> bool:
        """Forget a piece, if a pass goes on or is due; whether it goes on.  RecordsError."""
        if self._pass is None:
            if self._ticks() < self._next_at:
                return False
            self._pass = self._pieces()
        try:
            goes_on = next(self._pass, None) is not None
        except BaseException:
            self._pass = None  # the next call begins it anew
            raise
        if not goes_on:
            self._pass, self._next_at = None, self._ticks() + EVERY_S
        return goes_on

    def _pieces(self) -> Iterator[int]:
        from mtdata.jobs.keeping import of_records  # which names this room

        for one in of_records(self._settings, self._kinds):
            yield from one.forget()

    def run(self) -> None:
        """A pass at once, of MOST_PIECES at most, for a runner that does not stay."""
        for _ in range(MOST_PIECES):
            if not self.step():
                return


def forget_jobs(settings: Settings, kinds: Kinds, keep_s: float) -> Iterator[int]:
    """Forget what ended so long ago and nobody needs, a piece at each step; how many that were.

    RecordsError: not now.
    """
    jobs = pruning_of(settings, kinds, keep_s)
    while True:
        piece = forgotten_piece(jobs)
        yield len(piece.forgotten)
        if piece.next is None:
            return


def pruning_of(settings: Settings, kinds: Kinds, keep_s: float) -> Pruning:
    """A pass over what ended so many seconds ago.  RecordsError: not now."""
    opened = notify.program_incidents(settings)
    return Pruning(kinds, keep_s, {one.scale for one in opened if one.kind == FAILED_REPORT})


def forgotten_piece(jobs: Pruning, *, dry_run: bool = False) -> PrunedPiece:
    """The next piece, told in the log: each file that a forgotten job made is named."""
    piece = jobs.piece(dry_run=dry_run)
    if not dry_run:
        for job in piece.forgotten:
            for line in told_lines(job):
                log.info("%s", line)
    return piece


def told_lines(job: ForgottenJob) -> Iterator[str]:
    """What is said of a job that is forgotten: a line for it, and one for each of its files."""
    yield f"forgotten: {job.name}, {job.status} on {job.ended_at:%Y-%m-%d} ({job.id})"
    for place in job.files:
        yield f"{job.name} made {place}, which stays"
