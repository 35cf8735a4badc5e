"""Run as a process: one order of a report, carried as `mtdata runner --once` does; prints JSON."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import Any

LOOK_S = 0.02


def carried(order: dict[str, Any]) -> dict[str, Any]:
    """Seconds from the order to the last file, rows, and the most memory of the job's child."""
    from benchmarks.carrying import _peak_mb
    from benchmarks.jobs.office import children_of
    from mtdata.config import load
    from mtdata.duties import KINDS
    from mtdata.jobs.records import setting

    settings = load(Path(order["config"]), {})
    setting.open_migrated(settings.database)
    from mtdata.jobs import queue
    from mtdata.jobs.records import queries
    from mtdata.jobs.runner import JobRunner

    over, peaks = Event(), [0.0]

    def look() -> None:
        while not over.wait(LOOK_S):
            with suppress(OSError):
                peaks.extend(_peak_mb(str(pid)) for pid in children_of(os.getpid()))
                peaks[:] = [max(peaks)]

    watcher = Thread(target=look)
    watcher.start()
    began = perf_counter()
    try:
        job = queue.add(settings, KINDS, order["kind"], order["given"])
        JobRunner(settings, KINDS).drain()
        took = perf_counter() - began
        told = queries.details_of(job)
    finally:
        over.set()
        watcher.join()
        setting.close_records()
    if told["status"] != "Success":
        raise SystemExit(f"the job is {told['status']}: {told['reason']}")
    return {"seconds": took, "rows": told["rows"], "peak_mb": peaks[0]}


if __name__ == "__main__":
    print(json.dumps(carried(json.loads(sys.argv[1]))))
