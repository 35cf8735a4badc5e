"""One part in a child, from its order to its end: its lease, its signs of life and its limits.

It claims nothing, and it ends no child but the one that it was given.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from enum import Enum
from uuid import UUID

from mtdata.config.programme import ProgrammeConfig
from mtdata.core.clock import SystemClock
from mtdata.core.errors import RecordsError
from mtdata.jobs.child_session import Child
from mtdata.jobs.kind import Kind
from mtdata.jobs.memory import session_memory
from mtdata.jobs.pipe import Message
from mtdata.jobs.records import claims, reaper, runners, waiting
from mtdata.jobs.records.fence import Claimed, is_stopping
from mtdata.jobs.records.signs import PartProgress, Verdict

log = logging.getLogger(__name__)
READ_S = 0.2
MOST_LINES = 200
"""So many lines of one part go into the job's log; the rest stand in the program's own."""


class EndReason(Enum):
    """Why a child has to end before its part does."""

    STOP = "stopped"
    LOST = "the part was given to another"
    LEAVING = "its runner was ended"


OnOutage = Callable[[RecordsError], None]
"""Told that the records cannot be used now."""


def warn(error: RecordsError) -> None:
    """Log a fault of the records each time."""
    log.warning("%s", error)


class PartRun:
    """Runs one part in a child, from its order to its end.

    `in_order` tells then that it was done and nothing else happened: of such parts alone a child
    may carry another job.  `is_last` tells that the job has come to its end by it.
    """

    in_order = is_last = False

    def __init__(
        self,
        child: Child,
        claimed: Claimed,
        runner: UUID,
        terms: ProgrammeConfig,
        kind: Kind,
        on_outage: OnOutage,
    ) -> None:
        self._on_outage = on_outage
        self._child, self._claimed, self._runner = child, claimed, runner
        self._terms, self._kind = terms, kind
        self._ticks = SystemClock().ticks
        self._signs, self._lines, self._told = PartProgress(), [], 0  # type: PartProgress, list[tuple[str, str]], int
        now = self._ticks()
        self._begun, self._heard, self._renewed, self._tried = now, now, now, now

    def run(self, leaving: threading.Event) -> bool:
        """Until the part has ended; whether the child may have the next one."""
        self._child.order(self._claimed)
        while True:
            for message in self._child.reader.read(READ_S):
                if self._take(message):
                    self._tell()
                    return self._close_part(message)
            if self._child.reader.ended:
                return self._died()
            if why := self._must_end(leaving):
                return self._break_off(why)

    # what the child says --------------------------------------------------------------------------

    def _take(self, message: Message) -> bool:
        """Note what it says; whether it says that the part has ended."""
        self._heard = self._ticks()
        if "signs" in message:
            self._signs = PartProgress(*message["signs"])
        if "log" in message and self._told < MOST_LINES:
            level, text = map(str, message["log"])
            name = self._claimed.name  # so that a part's lines are found among all of the job's
            self._lines.append((level, text if text.startswith(name) else f"{name}: {text}"))
            self._told += 1
        return "ended" in message

    def _tell(self) -> None:
        if self._lines:
            lines, self._lines = self._lines, []
            runners.add_log_lines(self._claimed.job, lines)

    def _close_part(self, message: Message) -> bool:
        how, reason = message["ended"], str(message.get("reason", ""))
        if how == "done":
            self.in_order, self.is_last = True, message.get("over") is True
            return True
        if how == "waits":
            return self._rests(message, reason)
        if how == "failed" and message.get("again"):
            reaper.put_off(self._claimed, reason)
        elif how == "failed":
            claims.fail(self._claimed, reason)
            return True
        elif how == "fault":
            claims.fail(self._claimed, f"a fault of the program: {reason}")
        elif how == "stopped" and is_stopping(self._claimed.job):  # it saw it before we did
            claims.mark_stopped(self._claimed)
            return True  # and may take it back at once
        elif how == "stopped":
            reaper.requeue(self._claimed, "its child was ended from outside")
        return False

    def _rests(self, message: Message, reason: str) -> bool:
        untouched = bool(message["untouched"])
        most_s = math.inf if untouched else self._kind.limit_s
        wait = waiting.Wait(float(message["for_s"]), reason, untouched, most_s)
        waiting.rest(self._claimed, wait, self._signs)
        return True

    def _died(self) -> bool:
        code = self._child.end(self._terms.grace_s)
        told = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        self._tell()
        reaper.requeue(self._claimed, f"its child ended {told} in the middle of it")
        return False

    # whether it may go on -------------------------------------------------------------------------

    def _must_end(self, leaving: threading.Event) -> EndReason | str | None:
        if leaving.is_set():
            return EndReason.LEAVING
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
        if session_memory(self._child.pid) > self._kind.memory_bytes:
            return f"it took more than {self._kind.memory_bytes >> 20} MB of memory"
        return None

    def _renew(self, now: float) -> EndReason | None:
        try:
            self._tell()
            verdict = claims.renew(self._claimed, self._runner, self._terms.lease_s, self._signs)
        except RecordsError as error:  # away for a while; beyond the lease the part is not ours
            self._on_outage(error)
            return EndReason.LOST if now - self._renewed > self._terms.lease_s else None
        self._renewed = now
        return {Verdict.STOP: EndReason.STOP, Verdict.LOST: EndReason.LOST}.get(verdict)

    def _break_off(self, why: EndReason | str) -> bool:
        grace_s = 0.0 if why is EndReason.LOST else self._terms.grace_s
        self._child.ask()
        ended = self._keep_lease(grace_s)
        self._child.end(self._terms.grace_s if ended else 0.0)
        self._tell()
        if why is EndReason.STOP:
            claims.mark_stopped(self._claimed)
        elif why is EndReason.LEAVING:
            reaper.hand_back(self._claimed, why.value)
        elif isinstance(why, str):
            claims.fail(self._claimed, why)
        return False

    def _keep_lease(self, grace_s: float) -> bool:
        """Give the child its time, and hold the lease meanwhile; whether it says that it ended."""
        until = self._ticks() + grace_s
        while not self._child.reader.ended and self._ticks() < until:
            if any(self._take(message) for message in self._child.reader.read(READ_S)):
                return True
            now = self._ticks()
            if now - self._tried >= self._terms.heartbeat_s:
                self._tried = now
                self._renew(now)
        return self._child.reader.ended
