"""How long it takes until nothing is left of a large import that is stopped."""

from __future__ import annotations

import time

from benchmarks.bench import Bench
from benchmarks.figures import Measured
from benchmarks.programme.depot import csv_of, depot, teams

ROWS = 100_000


def stop(engine: str, bench: Bench, count: int = ROWS) -> Measured:
    """All rows are written when it is taken back."""
    from mtdata.jobs.records import orders

    times, content = [], csv_of(teams(count))
    with depot(bench, engine) as place:
        for _ in range(min(3, bench.reps)):
            job = place.order(content)
            place.step(job)
            if place.count() != count:
                raise RuntimeError("not every row was written")
            began = time.perf_counter()
            orders.undo(job)
            place.step(job)
            times.append(time.perf_counter() - began)
            if place.count():
                raise RuntimeError("rows were left")
    note = f"{count:,} rows; how soon a running part hears of a stop is a batch or HEARTBEAT (2 s)"
    return Measured(times, {}, note)
