"""The child that does the work of a job, part by part, in a session of its own; it claims nothing.

`python -m mtdata.jobs.child TABLE CONFIG`: its supervisor sends a part a line, and gets signs of
life and how each part ended.  Behind the last part of a job it is told to tidy up, and says what
the job has left in it.  When the supervisor is gone it ends itself; should it not notice, the fence
keeps it from writing.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from importlib import import_module
from pathlib import Path
from queue import Empty, Queue
from types import FrameType, TracebackType
from typing import NoReturn

from mtdata import logs
from mtdata.config import Settings, load
from mtdata.core.errors import Fenced, JobError, MTDataError, NotYet, RecordsError, Stopped
from mtdata.jobs.child_work import ChildWork, PipedLog, PipeWriter
from mtdata.jobs.kind import Kind, Kinds, kind_of
from mtdata.jobs.leftovers import CAN_LOOK, Leftovers, adopt_orphans
from mtdata.jobs.pipe import TIDY, Message
from mtdata.jobs.records import setting
from mtdata.jobs.states import Stage
from mtdata.logs.lines import fault_told

GRACE_S, REST_S, FAULT = 10.0, 2.0, 70
MOST_REASON = 2000
"""So much of a reason goes through the pipe: a longer message is none to who reads there."""
UNSEEN = "what this system does not show"
LEFT = "its own code called for the end of the program (sys.exit) instead of failing"
ENDED = "asked to end; what was not committed is taken back"


def carry(work: ChildWork, kinds: Kinds) -> bool:
    """Do one part and commit that it is done; whether its job has come to its end by that.

    JobError where it cannot be done.
    """
    from mtdata.jobs.records import claims
    from mtdata.jobs.records.signs import MadeFile, PartProgress

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
    signs = PartProgress(work.rows, work.expected)
    made = [MadeFile(**one) for one in work.artifacts]
    return claims.finish(work.claimed, signs, made, planned, closes=kind.close is not None)


class Inbox:
    """The orders of the supervisor; when it is gone, what is in hand is ended, and this program."""

    def __init__(self) -> None:
        self._orders: Queue[Message | None] = Queue(4)
        self._busy = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self, at_rest: Callable[[], None]) -> Message | None:
        """Wait for an order; None when there will be no more.

        `at_rest` is called when none has come for a while.
        """
        self._busy.clear()
        try:
            order = self._orders.get(timeout=REST_S)
        except Empty:
            at_rest()
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


class Carrier:
    """Carries the parts of a job; tidied up behind it, it may be given another one."""

    def __init__(self, folder: Path, pipe: PipeWriter, kinds: Kinds) -> None:
        self._folder, self._pipe, self._kinds = folder, pipe, kinds
        self._settings: Settings | None = None  # of the job in hand
        self._standing: Settings | None = None  # by which the log was set up
        self._leftovers: Leftovers | None = None

    def carry(self, order: Message) -> Message:
        """Do the part of an order; how it ended.  ConfigError where the config cannot be used."""
        if self._settings is None:
            self._settings = self._opened()
        from mtdata.jobs.records.fence import Claimed

        work = ChildWork(self._settings, Claimed(**order), self._pipe)
        return copy_context().run(_ending, work, self._kinds)

    def _opened(self) -> Settings:
        settings = load(self._folder, os.environ)  # as it is now, not as it was at the start
        if settings != self._standing:
            logs.begin(0)
            how, home = settings.log, settings.home
            logs.configure(
                how.logging, home, json_lines=how.json_lines, json_fields=how.json_fields
            )
            logging.getLogger("mtdata").addHandler(PipedLog(self._pipe))
            self._standing = settings
            if CAN_LOOK:
                self._leftovers = Leftovers({"mtdata", *map(_package, self._kinds.values())})
        setting.open_anew(settings.database)
        return settings

    def tidy(self) -> list[str]:
        """Let go of what belongs to the job; what it left all the same, by our words for it."""
        logs.REPEATS.finish()  # its thread would be one that the job left
        session = setting.rest()
        self._settings = None
        random.seed()
        gc.collect()  # what refers to itself goes now, and the files that it holds open
        return self._leftovers.differences({session}) if self._leftovers else [UNSEEN]


def _package(kind: Kind) -> str:
    return str(getattr(kind.run, "__module__", "mtdata")).partition(".")[0]


def main(words: list[str], kinds: Kinds) -> int:
    """Carry what the supervisor sends until it sends no more."""
    pipe = PipeWriter()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's ^C is the supervisor's to answer

    def report_fault(
        kind: type[BaseException], error: BaseException, at: TracebackType | None
    ) -> None:
        pipe.say(ended="fault", reason=fault_told(error, at)[:MOST_REASON])
        leave(FAULT)  # an interpreter that is taken to pieces dies of the thread that reads orders

    sys.excepthook = report_fault
    inbox = Inbox()
    try:
        _warm_up(Path(words[0]))
        carrier = Carrier(Path(words[0]), pipe, kinds)
        # whoever waits longer holds no session: a server has few, and each runner has such a child
        for order in iter(partial(inbox.next, setting.forget_records), None):
            pipe.say(**({"left": carrier.tidy()} if order == TIDY else carrier.carry(order)))
        return 0
    except MTDataError as error:
        pipe.say(**_failed(error))
        return error.exit_code


def leave(code: int) -> NoReturn:
    """End without taking the interpreter to pieces first: a tenth of a second a job."""
    logs.REPEATS.finish()
    logging.shutdown()
    os._exit(code)


def _warm_up(folder: Path) -> None:
    """Load what every order needs; what is wrong is told when there is one."""
    adopt_orphans()
    with suppress(MTDataError):
        setting.open_records(load(folder, os.environ).database)
        from mtdata.jobs.records import claims

        _ = claims
    gc.collect()
    gc.freeze()  # the program itself is not looked through behind each job


def _ending(work: ChildWork, kinds: Kinds) -> Message:
    try:
        return {"ended": "done", "rows": work.rows, "over": carry(work, kinds)}
    except Stopped:
        return {"ended": "stopped"}
    except Fenced:
        return {"ended": "fenced"}
    except NotYet as error:
        wait = {"for_s": error.wait_s, "untouched": error.untouched}
        return {"ended": "waits", "reason": str(error)[:MOST_REASON], **wait}
    except MTDataError as error:
        return _failed(error)
    except SystemExit:  # what a command of its own would end by; its words may be anybody's
        return _failed(JobError(LEFT))
    finally:
        _count_calls(work)


def _failed(error: MTDataError) -> Message:
    return {"ended": "failed", "reason": str(error)[:MOST_REASON], "again": error.again}


def _count_calls(work: ChildWork) -> None:
    from mtdata.jobs.records import claims, tallies

    if work.calls:
        tallies.count_calls(work.job, work.calls, work.faults)
        with suppress(RecordsError):  # a count that gets lost fails nobody's work
            claims.count_calls(work.claimed, work.calls)


if __name__ == "__main__":
    # what cannot be loaded of plug-ins was told by its supervisor, not by each of its children
    logging.getLogger("mtdata.core.plugins").setLevel(logging.ERROR)
    # named by its supervisor: what lies above; loaded whole before there is an order
    table: Kinds = dict(import_module(sys.argv[1]).KINDS)
    for module in {one for kind in table.values() for one in kind.brings}:
        import_module(module)
    leave(main(sys.argv[2:], table))
