"""How many empty jobs a runner carries in a second, and how long it takes to stop a large one."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bench import Bench
from benchmarks.figures import Measured, in_ratio
from benchmarks.jobs.kinds import ROWS
from benchmarks.jobs.office import (
    RABBIT,
    Office,
    needs_rabbit,
    office,
    postgres,
    process,
    remove_queue,
    until,
)
from benchmarks.jobs.tasks import plain

JOBS, TASKS = 200, 2_000


def empty(bench: Bench) -> Measured:
    """One embedded runner with one slot and SQLite, beside one worker with one thread."""
    with office(bench, "embedded") as place, place.runners(1):
        sides = {"jobs": lambda: _carried(place), "plain": lambda: _plain(place.home.folder)}
        found = bench.in_turns(sides)
    shares = median(in_ratio(found["jobs"], found["plain"]))
    told = {"÷ plain Celery": shares, "plain Celery, tasks/s": median(found["plain"])}
    note = "a job is planned, fenced, committed and told of; a task of Celery is nothing of that"
    return Measured(found["jobs"], told, note)


def empty_by_two(bench: Bench) -> Measured:
    """Two Celery runners with a slot each, and PostgreSQL."""
    with postgres() as url, office(bench, "celery", database=url) as place, place.runners(2):
        found = [_carried(place) for _ in range(bench.reps)]
    return Measured(found, {}, f"{JOBS} jobs, ordered in one commit and rung over one connection")


def _carried(place: Office) -> float:
    """Jobs a second, from their order to the end of the last."""
    began = time.monotonic()
    place.add_all("empty", JOBS)
    place.all_ended()
    return JOBS / (time.monotonic() - began)


def _plain(folder: Path) -> float:
    needs_rabbit()
    queue = f"mtdata-bench-plain-{secrets.token_hex(6)}"
    environ = {"BENCH_BROKER": RABBIT, "BENCH_QUEUE": queue}
    words = ("-A", "benchmarks.jobs.tasks", "worker", "-P", "threads", "-c", "1")
    quiet = ("--without-mingle", "--without-gossip", "--without-heartbeat", "-l", "CRITICAL")
    try:
        with process("celery", *words, *quiet, **environ), plain(RABBIT, queue) as app:
            _asked(app, folder / "ready")
            began = time.monotonic()
            for _ in range(TASKS - 1):
                app.send_task("bench.nothing")
            return TASKS / (_asked(app, folder / "last") - began)
    finally:
        remove_queue(queue)


def _asked(app: Any, note: Path) -> float:
    """When the task was done that is asked for now."""
    note.unlink(missing_ok=True)
    app.send_task("bench.nothing", (str(note),))
    return float(until(lambda: note.exists() and note.read_text()))


def stop(bench: Bench) -> Measured:
    """All rows are written and the job still runs when it is stopped."""
    from mtdata.jobs import queue as job_queue

    times = []
    with office(bench, "celery") as place, place.runners(1):
        for _ in range(min(3, bench.reps)):
            job = place.add("rows")
            place.begun(job)
            if place.rows(job) != ROWS:
                raise RuntimeError("not every row was written")
            began = time.monotonic()
            job_queue.stop(place.settings, job.pk)
            place.ended(job, "Stopped")
            times.append(time.monotonic() - began)
            if place.rows(job):
                raise RuntimeError("rows were left")
    return Measured(times, {}, "HEARTBEAT_S (2 s) bounds how soon the child hears of it")
