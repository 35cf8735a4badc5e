"""Carries a job's parts by a child: its lease, its signs of life, its limits and its end.

It does no work itself, and it ends only the children that it began.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import Enum
from typing import IO, cast
from uuid import UUID

from mtdata.adapters.clock import SystemClock
from mtdata.domain.job import Stage
from mtdata.errors import RecordsError
from mtdata.jobs.kind import Kind, Kinds
from mtdata.jobs.limits import memory_of
from mtdata.jobs.talk import Ear, Message, line_of
from mtdata.records import carrying, reaping, runners
from mtdata.records.carrying import Claimed, Signs, Verdict

log = logging.getLogger(__name__)
HEAR_S = 0.2
MOST_LINES = 200
"""So many lines of one part go into the job's log; the rest stand in the program's own."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How jobs are carried; `words` begin a child."""

    words: tuple[str, ...]
    lease_s: float
    heartbeat_s: float
    grace_s: float
    stall_s: float


class Why(Enum):
    """Why a child has to end before its part does."""

    STOP = "stopped"
    LOST = "the part was given to another"
    LEAVING = "its runner was ended"


class Child:
    """A process in a session of its own."""

    def __init__(self, words: tuple[str, ...]) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(  # noqa: S603  # our own words
            words, stdin=pipe, stdout=pipe, start_new_session=True
        )
        self._orders = cast(IO[bytes], self._process.stdin)
        self._said = cast(IO[bytes], self._process.stdout)
        self.ear = Ear(self._said.fileno())
        self.pid = self._process.pid

    def order(self, claimed: Claimed) -> None:
        """Send it a part."""
        with suppress(BrokenPipeError):  # that it has ended is heard next
            self._orders.write(line_of(claimed._asdict()))
            self._orders.flush()

    def ask(self) -> None:
        """SIGTERM to all of its session."""
        self._signal(signal.SIGTERM)

    def end(self, grace_s: float) -> int:
        """See to it that nothing of its session is left; how it ended."""
        with suppress(OSError):
            self._orders.close()
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            if grace_s:
                log.warning("a child did not end within %g s; it is killed", grace_s)
        self._signal(signal.SIGKILL)
        return self._process.wait()

    def close(self) -> None:
        """Let go of its pipes."""
        self.ear.close()
        self._said.close()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


Call = Callable[[str, int], None]
"""Told of a job that further hands could work on now, and of how many."""


def nobody(job: str, hands: int) -> None:
    """Call nobody: they look by themselves."""


class Supervisor:
    """What one slot of a runner does; `leaving` tells that the runner ends."""

    def __init__(
        self,
        runner: UUID,
        terms: Terms,
        kinds: Kinds,
        leaving: threading.Event | None = None,
        call: Call = nobody,
    ) -> None:
        self._runner, self._terms, self._kinds = runner, terms, kinds
        self._leaving, self._call = leaving or threading.Event(), call

    def work(self) -> bool:
        """Carry what can be carried of one job; False when there was nothing to carry."""
        claimed = self._claim()
        if claimed is None:
            return False
        with closing(Child(self._terms.words)) as child:
            try:
                self._carry_all(child, claimed)
            finally:
                child.end(self._terms.grace_s)
        return True

    def _claim(self, job: str | None = None) -> Claimed | None:
        if self._leaving.is_set():
            return None
        return carrying.claim(self._runner, self._terms.lease_s, self._kinds.keys(), job)

    def _carry_all(self, child: Child, claimed: Claimed | None) -> None:
        while claimed is not None:
            course = Course(child, claimed, self._runner, self._terms, self._kinds[claimed.kind])
            if not course.run(self._leaving):
                if self._leaving.is_set():  # somebody else may go on with what was handed back
                    self._call(claimed.job, 1)
                return
            if claimed.stage == Stage.PLAN:
                self._share(claimed)
            claimed = self._claim(claimed.job)

    def _share(self, claimed: Claimed) -> None:
        hands = self._kinds[claimed.kind].hands
        more = min(hands, carrying.waiting(claimed.job)) - 1 if hands > 1 else 0
        if more > 0:
            self._call(claimed.job, more)


class Course:
    """One part's way through a child."""

    def __init__(
        self, child: Child, claimed: Claimed, runner: UUID, terms: Terms, kind: Kind
    ) -> None:
        self._child, self._claimed, self._runner = child, claimed, runner
        self._terms, self._kind = terms, kind
        self._ticks = SystemClock().ticks
        self._signs, self._lines, self._told = Signs(), [], 0  # type: Signs, list[tuple[str, str]], int
        now = self._ticks()
        self._begun, self._heard, self._renewed, self._tried = now, now, now, now

    def run(self, leaving: threading.Event) -> bool:
        """Until the part has ended; whether the child may have the next one."""
        self._child.order(self._claimed)
        while True:
            for message in self._child.ear.hear(HEAR_S):
                if self._take(message):
                    self._tell()
                    return self._ended(message)
            if self._child.ear.ended:
                return self._died()
            if why := self._must_end(leaving):
                return self._break_off(why)

    # what the child says --------------------------------------------------------------------------

    def _take(self, message: Message) -> bool:
        """Note what it says; whether it says that the part has ended."""
        self._heard = self._ticks()
        if "signs" in message:
            self._signs = Signs(*message["signs"])
        if "log" in message and self._told < MOST_LINES:
            level, text = message["log"]
            self._lines.append((str(level), str(text)))
            self._told += 1
        return "ended" in message

    def _tell(self) -> None:
        if self._lines:
            lines, self._lines = self._lines, []
            runners.told(self._claimed.job, lines)

    def _ended(self, message: Message) -> bool:
        how, reason = message["ended"], str(message.get("reason", ""))
        if how == "done":
            return True
        if how == "failed" and message.get("again"):
            reaping.put_off(self._claimed, reason)
        elif how == "failed":
            carrying.fail(self._claimed, reason)
            return True
        elif how == "fault":
            carrying.fail(self._claimed, f"a fault of the program: {reason}")
        elif how == "stopped":
            reaping.lose(self._claimed, "its child was ended from outside")
        return False

    def _died(self) -> bool:
        code = self._child.end(self._terms.grace_s)
        told = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        self._tell()
        reaping.lose(self._claimed, f"its child ended {told} in the middle of it")
        return False

    # whether it may go on -------------------------------------------------------------------------

    def _must_end(self, leaving: threading.Event) -> Why | str | None:
        if leaving.is_set():
            return Why.LEAVING
        now = self._ticks()
        if now - self._tried < self._terms.heartbeat_s:
            return None
        self._tried = now
        return self._too_much(now) or self._renew(now)

    def _too_much(self, now: float) -> str | None:
        if now - self._heard > self._terms.stall_s:
            return f"no sign of progress for {self._terms.stall_s:g} s"
        if now - self._begun > self._kind.limit_s:
            return f"it took longer than {self._kind.limit_s:g} s"
        if memory_of(self._child.pid) > self._kind.memory_bytes:
            return f"it took more than {self._kind.memory_bytes >> 20} MB of memory"
        return None

    def _renew(self, now: float) -> Why | None:
        try:
            self._tell()
            verdict = carrying.renew(self._claimed, self._runner, self._terms.lease_s, self._signs)
        except RecordsError as error:  # away for a while; beyond the lease the part is not ours
            log.warning("%s", error)
            return Why.LOST if now - self._renewed > self._terms.lease_s else None
        self._renewed = now
        return {Verdict.STOP: Why.STOP, Verdict.LOST: Why.LOST}.get(verdict)

    def _break_off(self, why: Why | str) -> bool:
        grace_s = 0.0 if why is Why.LOST else self._terms.grace_s
        self._child.ask()
        ended = self._keep_lease(grace_s)
        self._child.end(self._terms.grace_s if ended else 0.0)
        self._tell()
        if why is Why.STOP:
            carrying.stopped(self._claimed)
        elif why is Why.LEAVING:
            reaping.hand_back(self._claimed, why.value)
        elif isinstance(why, str):
            carrying.fail(self._claimed, why)
        return False

    def _keep_lease(self, grace_s: float) -> bool:
        """Give the child its time, and hold the lease meanwhile; whether it says that it ended."""
        until = self._ticks() + grace_s
        while not self._child.ear.ended and self._ticks() < until:
            if any(self._take(message) for message in self._child.ear.hear(HEAR_S)):
                return True
            now = self._ticks()
            if now - self._tried >= self._terms.heartbeat_s:
                self._tried = now
                self._renew(now)
        return self._child.ear.ended
