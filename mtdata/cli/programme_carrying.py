"""A job of programme data that a command carries to its end, with a bar; ^C stops it."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

from mtdata.cli.sites import Result
from mtdata.cli.tables import counting, note, say
from mtdata.config import Settings
from mtdata.duties import KINDS

LOOK_S, GRACE_S = 0.2, 30.0
INTERRUPTED, FAILED = 130, 1
ShownLines = Callable[[dict[str, Any]], Sequence[str]]
"""What is said of a job that ended, behind its state, from all that is shown of it."""


def queued(options: argparse.Namespace, job: Any) -> Result:
    """Say that it is in the queue."""
    from mtdata.jobs.records import queries

    if not options.json:
        say(f"{job.name} is {job.status} ({job.pk})")
    return 0, queries.summary_of(job)


def carry(
    options: argparse.Namespace, settings: Settings, job: Any, rows: int, lines: ShownLines
) -> Result:
    """Carry it to its end; ^C and SIGTERM stop it, and what it wrote is taken back.

    `rows` are those that are expected.
    """
    from mtdata.jobs import queue
    from mtdata.jobs.records import queries
    from mtdata.jobs.runner import JobRunner

    asked: list[int] = []  # no Event: whoever waits for that when a signal comes may hold its lock
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: asked.append(number))
    runner = JobRunner(settings, KINDS)
    runner.carry(str(job.pk))
    try:
        with counting(job.name, rows, quiet=options.json) as move:
            done = 0
            while (shown := queries.details_of(job))["ended_at"] is None and not asked:
                move(max(0, shown["rows"] - done))
                done = max(done, shown["rows"])
                threading.Event().wait(LOOK_S)
        if shown["ended_at"] is None:
            note(f"mtdata: {job.name}: stopping; what it wrote is taken back")
            queue.stop(settings, job.pk)
        while (shown := queries.details_of(job))["ended_at"] is None:
            threading.Event().wait(LOOK_S)
    finally:
        runner.stop(GRACE_S)
    return _show_end(options, shown, lines(shown), was_asked=bool(asked))


def _show_end(
    options: argparse.Namespace, shown: dict[str, Any], lines: Sequence[str], *, was_asked: bool
) -> Result:
    if not options.json:
        say(f"{shown['name']}: {shown['status']}. {shown['reason']}".rstrip())
        for line in lines:
            say(line)
    if shown["status"] == "Success":
        return 0, shown
    code = INTERRUPTED if was_asked else FAILED
    return code, {**shown, "error": {"kind": "JobError", "message": shown["reason"], "exit": code}}
