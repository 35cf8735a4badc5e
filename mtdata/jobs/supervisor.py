"""Carries jobs by a child, part by part, and the next one by the same where nothing was left.

It does no work itself, and it ends only the children that it began.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, cast
from uuid import UUID

from mtdata.config.programme import ProgrammeConfig
from mtdata.core.border import Border
from mtdata.core.clock import SystemClock
from mtdata.core.errors import BusyError, Fenced, JobError, RecordsError
from mtdata.jobs.child_session import Child
from mtdata.jobs.kind import Kinds, Parameters, Work
from mtdata.jobs.part_run import OnOutage, PartRun, warn
from mtdata.jobs.records import claims, reaper
from mtdata.jobs.records.fence import Claimed
from mtdata.jobs.states import Stage

TURN_S = 600.0
"""After so long at one job a slot looks whose turn it is; the job goes on where it was."""
MOST_JOBS = 1000
"""By so many jobs a child grows old, whatever it shows; to begin one costs as much as some tens."""


class SupervisorOptions(NamedTuple):
    """How jobs are carried; `words` begin a child, `terms` say for how long it may do what."""

    words: tuple[str, ...]
    terms: ProgrammeConfig


class OrderOnly(NamedTuple):
    """All that a plan is given that needs no child."""

    parameters: Parameters


OnRunnersWanted = Callable[[str, int], None]
"""Told of a job that further runners could carry now, and of how many."""


class Supervisor:
    """What one slot of a runner does; `leaving` tells that the runner ends."""

    def __init__(
        self,
        runner: UUID,
        options: SupervisorOptions,
        kinds: Kinds,
        leaving: threading.Event | None = None,
        call: OnRunnersWanted = lambda job, count: None,
        on_outage: OnOutage = warn,
    ) -> None:
        self._runner, self._options, self._kinds = runner, options, kinds
        self._leaving, self._call = leaving or threading.Event(), call
        self._on_outage, self._ticks = on_outage, SystemClock().ticks
        self._ready: Child | None = None

    def work(self, job: str | None = None) -> bool:
        """Carry what can be carried of one job, or of that one; False where there was nothing.

        BusyError where this machine gives no process for it; the job is in the queue again.
        """
        claimed = self._claim(job)
        if claimed is None:
            return False
        if claimed.stage == Stage.PLAN and self._kinds[claimed.kind].splits_by_order:
            claimed = self._plan(claimed)
            if claimed is None:
                return True
        try:
            child, in_order = self._child(), False
        except BusyError as error:
            reaper.hand_back(claimed, str(error))  # another machine may be able to
            raise
        try:
            in_order = self._carry_all(child, claimed)
        finally:
            self._keep(child, in_order=in_order)
        return True

    def _keep(self, child: Child, *, in_order: bool) -> None:
        """Let the child carry the next job, or end it."""
        if in_order and child.jobs < MOST_JOBS - 1:
            child.tidy()
            self._ready = child
        else:
            child.end(self._options.terms.grace_s)
            child.close()

    def prepare(self) -> None:
        """Have a child that waits: to begin one takes longer than much of what a child does.

        It reads the config when it gets its order, so nothing it knows grows old.
        """
        if not self._leaving.is_set():
            self._ready = self._child()

    def close(self) -> None:
        """End the child that waits."""
        ready, self._ready = self._ready, None
        if ready is not None:
            ready.end(0.0)
            ready.close()

    def _child(self) -> Child:
        if self._ready is not None and not self._ready.is_as_new():
            self.close()
        ready, self._ready = self._ready, None
        return ready or Child(self._options.words)

    def _claim(self, job: str | None = None) -> Claimed | None:
        if self._leaving.is_set():
            return None
        return claims.claim(self._runner, self._options.terms.lease_s, self._kinds.keys(), job)

    def _plan(self, claimed: Claimed) -> Claimed | None:
        """Plan a job here, and take its first part: there is nothing for a child to do.

        It takes no time to speak of, so nothing renews its lease.
        """
        kind, lease_s = self._kinds[claimed.kind], self._options.terms.lease_s
        try:
            with Border(JobError, "its parts cannot be told"):
                planned = kind.split(cast(Work, OrderOnly(claimed.parameters)))
        except JobError as error:
            claims.fail(claimed, str(error))
            return claims.claim_next(claimed, self._runner, lease_s)  # what takes back
        closes = kind.close is not None
        with suppress(Fenced):  # whoever has it plans it
            first = claims.plan(claimed, planned, self._runner, lease_s, closes=closes)
            self._share(claimed)
            return first
        return None

    def _carry_all(self, child: Child, claimed: Claimed | None) -> bool:
        """Carry that part and the next ones; whether each was done, and nothing else happened."""
        in_order, until = True, self._ticks() + TURN_S
        while claimed is not None:
            kind = self._kinds[claimed.kind]
            terms = self._options.terms
            run = PartRun(child, claimed, self._runner, terms, kind, self._on_outage)
            if not run.run(self._leaving):
                if self._leaving.is_set():  # somebody else may go on with what was handed back
                    self._call(claimed.job, 1)
                return False
            in_order &= run.in_order
            if claimed.stage == Stage.PLAN:
                self._share(claimed)
            if run.is_last or self._leaving.is_set() or self._ticks() >= until:
                break
            claimed = claims.claim_next(claimed, self._runner, terms.lease_s)
        return in_order

    def _share(self, claimed: Claimed) -> None:
        """Have others told; where nobody can say how many, they find its parts by looking."""
        most = self._kinds[claimed.kind].max_runners
        with suppress(RecordsError):
            more = min(most, claims.waiting_parts(claimed.job)) - 1 if most > 1 else 0
            if more > 0:
                self._call(claimed.job, more)
