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
from benchmarks.jobs.office import RABBIT, office, process, remove_queue, until
from benchmarks.jobs.tasks import plain

JOBS, TASKS = 20, 2_000


def empty(bench: Bench) -> Measured:
    """One runner with one slot, one worker with one thread."""
    with office(bench, "celery") as place, place.runners(1):

        def ours() -> float:
            began = time.monotonic()
            jobs = [place.add("empty") for _ in range(JOBS)]
            for job in jobs:
                place.ended(job)
            return JOBS / (time.monotonic() - began)

        found = bench.in_turns({"jobs": ours, "plain": lambda: _plain(place.home.folder)})
    sides = {"jobs/s": median(found["jobs"]), "plain Celery, tasks/s": median(found["plain"])}
    note = "each job has a child of its own and is committed; a task of Celery has neither"
    return Measured(in_ratio(found["jobs"], found["plain"]), sides, note)


def _plain(folder: Path) -> float:
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
