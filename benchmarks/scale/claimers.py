"""Runners that only claim, renew and finish, each a process with a connection of its own.

`python -m benchmarks.scale.claimers ORDER` prints what they found as JSON in the last line.
"""

from __future__ import annotations

import json
import os
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.scale.crowd import KIND

LEASE_S, PATIENCE_S = 60.0, 60.0


def main() -> int:
    """The order tells `config`, `count` and `seconds`."""
    order = json.loads(sys.argv[1])
    from mtdata.config import load
    from mtdata.jobs.records import setting

    settings = load(Path(order["config"]), os.environ)
    setting.open_records(settings.database)  # loads all that is needed, and asks nothing yet
    context = get_context("fork")
    ready, found = context.Barrier(order["count"]), context.Queue()
    workers = [
        context.Process(target=_carry, args=(ready, order["seconds"], found))
        for _ in range(order["count"])
    ]
    for worker in workers:
        worker.start()
    each = [found.get(timeout=order["seconds"] + 120) for _ in workers]
    for worker in workers:
        worker.join()
    print(json.dumps(each))
    return 0


def _carry(ready: Any, seconds: float, found: Any) -> None:
    from mtdata.jobs.records import claims, runners, setting

    runner = runners.register("bench", 1)
    took, empty = [], 0
    ready.wait(120)
    cpu, spent, until = time.process_time(), _database_s(), time.monotonic() + seconds
    while time.monotonic() < (until if took else until + PATIENCE_S):  # one at least, however busy
        began = time.perf_counter()
        claimed = claims.claim(runner, LEASE_S, [KIND])
        if claimed is None:
            empty += 1
            continue
        took.append(1e3 * (time.perf_counter() - began))
        claims.renew(claimed, runner, LEASE_S, claims.PartProgress())
        claims.finish(claimed, claims.PartProgress())
    cpu, spent = time.process_time() - cpu, _database_s() - spent
    setting.close_records()
    found.put({"ms": took, "empty": empty, "cpu_s": cpu, "database_s": spent})


def _database_s() -> float:
    """Processor time of the process of the server that serves this connection, on this machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    raise SystemExit(main())
