"""What the work of a part is given in its child: its order, and ways to say how it goes."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any

from mtdata.core.clock import SystemClock
from mtdata.core.stop import StopToken
from mtdata.jobs.pipe import line_of
from mtdata.logs import REPEATS

SAY_S = 0.25


class PipeWriter:
    """Sends messages to the supervisor; standard output is given to standard error."""

    def __init__(self) -> None:
        self._pipe = os.dup(1)
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def say(self, **message: Any) -> None:
        """Send it; a supervisor that is gone hears nothing."""
        line = b"\n" + line_of(message)  # SIGTERM may have cut the one before short
        with self._lock, suppress(OSError):  # what to do then is the watch's business
            os.write(self._pipe, line)


class PipedLog(logging.Handler):
    """Gives the job's log what the program logs."""

    def __init__(self, pipe: PipeWriter) -> None:
        super().__init__(logging.INFO)
        self.addFilter(REPEATS)
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        """Send the record to the supervisor."""
        self._pipe.say(log=[record.levelname, record.getMessage()[:500]])


class PipedStopToken(StopToken):
    """A stop token that tells the supervisor of its checks, a few a second."""

    def __init__(self, work: ChildWork) -> None:
        super().__init__()
        self._work = work

    def check(self) -> None:
        """Count one more step, and tell of it."""
        super().check()
        self._work.beat()


class ChildWork:
    """`kind.Work` of one part."""

    def __init__(self, settings: Any, claimed: Any, pipe: PipeWriter) -> None:
        self.settings, self.claimed = settings, claimed
        self.parameters, self.checkpoint = claimed.parameters, claimed.checkpoint
        self.part, self.job, self.attempt = claimed.name, claimed.job, claimed.attempt
        self.rows, self.expected, self.step = 0, None, ""  # type: int, int | None, str
        self.artifacts: list[dict[str, Any]] = []
        self.pending, self.calls, self.faults = 0, 0, 0
        self._pipe, self._ticks, self._said = pipe, SystemClock().ticks, 0.0
        self.stop_token: StopToken = PipedStopToken(self)

    def beat(self) -> None:
        """Send a sign of life, at most a few a second."""
        if self._ticks() - self._said >= SAY_S:
            self._said = self._ticks()
            signs = [self.rows, self.expected, self.step, self.pending, self.calls]
            self._pipe.say(signs=signs)

    def progress(
        self, rows: int, expected: int | None = None, step: str = "", *, pending: int = 0
    ) -> None:
        """Port: Work.progress."""
        self.rows, self.expected, self.step = rows, expected, step[:255]
        self.pending = pending
        self.beat()

    def say(self, level: str, text: str) -> None:
        """Port: Work.say."""
        self._pipe.say(log=[level, text[:500]])

    def add_artifact(self, name: str, place: str, **more: Any) -> None:
        """Port: Work.add_artifact."""
        self.artifacts.append({"name": name, "place": place, **more})

    def count(self, calls: int, faults: int) -> None:
        """Port: Work.count."""
        self.calls, self.faults = self.calls + calls, self.faults + faults

    def fenced(self) -> AbstractContextManager[Any]:
        """Port: Work.fenced."""
        from mtdata.jobs.records.fence import fenced

        return fenced(self.claimed)

    def commit(self, move: Callable[[], Any]) -> None:
        """Port: Work.commit."""
        from mtdata.jobs.records.fence import commit

        self.checkpoint = commit(self.claimed, move, self.checkpoint)
