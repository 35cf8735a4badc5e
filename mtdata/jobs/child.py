"""The child that does the work of a job, part by part, in a session of its own; it claims nothing.

`python -m mtdata.jobs.child TABLE CONFIG`: its supervisor sends a part a line, and gets signs of
life and how each part ended.  When the supervisor is gone it ends itself; should it not notice,
the fence keeps it from writing.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from importlib import import_module
from itertools import chain
from pathlib import Path
from queue import Queue
from types import FrameType, TracebackType
from typing import Any, NoReturn

from mtdata import logs
from mtdata.config import load
from mtdata.core.clock import SystemClock
from mtdata.core.errors import Fenced, JobError, MTDataError, NotYet, RecordsError, Stopped
from mtdata.core.stop import StopToken
from mtdata.jobs.kind import Kinds, kind_of
from mtdata.jobs.pipe import Message, line_of
from mtdata.jobs.records import setting
from mtdata.jobs.states import Stage
from mtdata.logs.lines import fault_told

SAY_S, GRACE_S, FAULT = 0.25, 10.0, 70
ENDED = "asked to end; what was not committed is taken back"


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


def carry(work: ChildWork, kinds: Kinds) -> None:
    """Do one part and commit that it is done.  JobError where it cannot be done."""
    from mtdata.jobs.records import claims

    kind, stage = kind_of(work.claimed.kind, kinds), work.claimed.stage
    planned: list[str] = []
    if stage == Stage.PLAN:
        planned = list(kind.split(work))
    elif stage == Stage.UNDO:
        if kind.undo is not None:
            kind.undo(work, work.claimed.undo_scope)
    else:
        if work.claimed.again and kind.undo is not None and not kind.resumes:
            kind.undo(work, [work.part])
        act = kind.close if stage == Stage.CLOSE else kind.run
        if act is None:
            told = "this version of the program puts nothing together in the end"
            raise JobError(f"{kind.name}: {told}")
        act(work)
    signs = claims.PartProgress(work.rows, work.expected)
    made = [claims.MadeFile(**one) for one in work.artifacts]
    claims.finish(work.claimed, signs, made, planned, closes=kind.close is not None)


class Inbox:
    """The orders of the supervisor; when it is gone, what is in hand is ended, and this program."""

    def __init__(self) -> None:
        self._orders: Queue[Message | None] = Queue(4)
        self._busy = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self) -> Message | None:
        """Wait for an order; None when there will be no more."""
        self._busy.clear()
        order = self._orders.get()
        if order is not None:
            self._busy.set()
        return order

    def _listen(self) -> None:
        for line in sys.stdin.buffer:
            self._orders.put(json.loads(line))
        self._orders.put(None)
        if self._busy.wait(GRACE_S):  # an order may have come just before
            os.kill(os.getpid(), signal.SIGTERM)
            threading.Event().wait(GRACE_S)
            os.killpg(0, signal.SIGKILL)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what is put in order meanwhile must get through
    raise Stopped(ENDED)


def main(words: list[str], kinds: Kinds) -> int:
    """Carry what the supervisor sends until it sends no more."""
    pipe = PipeWriter()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's ^C is the supervisor's to answer

    def report_fault(
        kind: type[BaseException], error: BaseException, at: TracebackType | None
    ) -> None:
        pipe.say(ended="fault", reason=fault_told(error, at))
        leave(FAULT)  # an interpreter that is taken to pieces dies of the thread that reads orders

    sys.excepthook = report_fault
    inbox = Inbox()
    try:
        _warm_up(Path(words[0]))
        first = inbox.next()
        if first is None:
            return 0
        settings = load(Path(words[0]), os.environ)  # as it is now, not as it was at the start
        logs.begin(0)
        logs.configure(settings.log.logging, settings.home, json_lines=settings.log.json_lines)
        logging.getLogger("mtdata").addHandler(PipedLog(pipe))
        setting.open_records(settings.database)
        from mtdata.jobs.records.fence import Claimed

        for order in chain([first], iter(inbox.next, None)):
            pipe.say(**_ending(ChildWork(settings, Claimed(**order), pipe), kinds))
        return 0
    except MTDataError as error:
        pipe.say(ended="failed", reason=str(error), again=error.again)
        return error.exit_code


def leave(code: int) -> NoReturn:
    """End without taking the interpreter to pieces first: a tenth of a second a job."""
    logging.shutdown()
    os._exit(code)


def _warm_up(folder: Path) -> None:
    """Load what every order needs; what is wrong is told when there is one."""
    with suppress(MTDataError):
        setting.open_records(load(folder, os.environ).database)
        from mtdata.jobs.records import claims

        _ = claims


def _ending(work: ChildWork, kinds: Kinds) -> Message:
    try:
        carry(work, kinds)
        return {"ended": "done", "rows": work.rows}
    except Stopped:
        return {"ended": "stopped"}
    except Fenced:
        return {"ended": "fenced"}
    except NotYet as error:
        wait = {"for_s": error.wait_s, "untouched": error.untouched}
        return {"ended": "waits", "reason": str(error), **wait}
    except MTDataError as error:
        return {"ended": "failed", "reason": str(error), "again": error.again}
    finally:
        _count_calls(work)


def _count_calls(work: ChildWork) -> None:
    from mtdata.jobs.records import claims, tallies

    if work.calls:
        tallies.count_calls(work.job, work.calls, work.faults)
        with suppress(RecordsError):  # a count that gets lost fails nobody's work
            claims.count_calls(work.claimed, work.calls)


if __name__ == "__main__":
    # named by its supervisor: what lies above; loaded whole before there is an order
    table: Kinds = dict(import_module(sys.argv[1]).KINDS)
    leave(main(sys.argv[2:], table))
