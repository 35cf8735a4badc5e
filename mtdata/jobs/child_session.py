"""A child as its supervisor holds it: a process in a session of its own; nothing of it is left."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
from contextlib import suppress
from typing import IO, cast

from mtdata.core.clock import SystemClock
from mtdata.core.errors import BusyError
from mtdata.jobs.pipe import TIDY, Message, PipeReader, line_of
from mtdata.jobs.records.fence import Claimed

log = logging.getLogger(__name__)
TIDY_S = 2.0
"""After so long a child that does not say that it has tidied up is not waited for."""


class Child:
    """A child process in a session of its own."""

    def __init__(self, words: tuple[str, ...]) -> None:
        """BusyError where the machine gives no process, or no file to speak to it by."""
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(  # noqa: S603  # our own words
                words, stdin=pipe, stdout=pipe, start_new_session=True
            )
        except OSError as error:
            raise BusyError(f"no process for a job can be begun here: {error.strerror}") from error
        self._orders = cast(IO[bytes], self._process.stdin)
        self._said = cast(IO[bytes], self._process.stdout)
        self.reader = PipeReader(self._said.fileno())
        self.pid = self._process.pid
        self.jobs = 0  # that it has carried
        self._left: list[str] | None = []  # of its job; None while it does not say
        self._ticks = SystemClock().ticks

    def is_running(self) -> bool:
        """Whether the child has not ended yet."""
        return self._process.poll() is None

    def order(self, claimed: Claimed) -> None:
        """Send a part to the child."""
        self._send(claimed._asdict())

    def _send(self, message: Message) -> None:
        with suppress(BrokenPipeError):  # that it has ended is heard next
            self._orders.write(line_of(message))
            self._orders.flush()

    def tidy(self) -> None:
        """Have it tidy up behind a job; `is_as_new` says how that went."""
        self.jobs, self._left = self.jobs + 1, None
        self._send(TIDY)

    def is_as_new(self) -> bool:
        """Whether it waits for an order, and shows nothing of a job before; it has TIDY_S to."""
        until = self._ticks() + TIDY_S
        while self._left is None and not self.reader.ended and self._ticks() < until:
            for message in self.reader.read(until - self._ticks()):
                self._left = message.get("left", self._left)
        if self._left:
            log.debug("a child carries no other job; the last one left: %s", ", ".join(self._left))
        return self._left == [] and self.is_running()

    def ask(self) -> None:
        """Send SIGTERM to all processes of the child's session."""
        self._signal(signal.SIGTERM)

    def end(self, grace_s: float) -> int:
        """End every process of the session; the exit code of the child, or minus the signal."""
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
        """Close the pipes to the child."""
        self.reader.close()
        self._said.close()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
