"""A daemon in a process of its own on a clock that is moved; it tells what it holds on its way."""

from __future__ import annotations

import gc
import json
import os
import sqlite3
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.bench import SCALE, write_scales
from benchmarks.daemon.rounds import NEW_EVERY, NEW_ROWS
from benchmarks.moved_clock import MovedClock, scheduled_by
from mtdata.config import load
from mtdata.core.clock import SystemClock
from mtdata.daemon.loop import Daemon

ROUND_S = 300


class Life:
    """One tick is one round: its end is waited for, then the clock goes on by five minutes."""

    def __init__(self, home: Path, news: Path, marks: list[int]) -> None:
        self.home, self.news, self.marks = home, news, marks
        self.clock = MovedClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.found: list[dict[str, float]] = []
        self._ticks = 0
        self.daemon = Daemon(
            partial(load, home / "config", os.environ), clock=self.clock, wait=self._tick
        )

    def live(self) -> dict[str, Any]:
        code = run_by(self.clock, self.daemon)
        with closing(sqlite3.connect(self.home / "pool" / "ledger.sqlite3")) as db:
            count = "SELECT max(number) - (SELECT count(*) FROM runs WHERE command LIKE 'ver%') "
            [(runs,)] = db.execute(count + "FROM runs")
            [(static,)] = db.execute("SELECT count(*) FROM runs WHERE command LIKE '% static'")
            [(entries,)] = db.execute("SELECT count(*) FROM entries WHERE state = 2")
        told = {"code": code, "rounds": runs, "static": static, "rows": entries}
        return told | {"marks": self.found}

    def _tick(self, seconds: float) -> None:
        wait_until_idle(self.daemon)
        self._ticks += 1
        if self._ticks % NEW_EVERY == 0:
            number = self._ticks // NEW_EVERY % (self.marks[-1] // NEW_EVERY)
            # the site takes off what was deleted so far: it counts by scale, not by package
            write_scales(
                self.home, {SCALE: (self.news / f"new-{number}.json", NEW_ROWS * (number + 1))}
            )
        if self._ticks in self.marks:
            self.found.append(held())
        if self._ticks >= self.marks[-1]:
            self.daemon.ask_to_stop()
        self.clock.go_on(ROUND_S)


def wait_until_idle(daemon: Daemon) -> None:
    """Wait until no task is in hand, and none waits."""
    workers = daemon._tasks.workers
    while not all(worker.join(0.0) for worker in [*workers.values()]):  # they hand on news
        for worker in [*workers.values()]:
            worker.join(1.0)


def run_by(clock: MovedClock, daemon: Daemon) -> int:
    """Let it run by that clock until it is asked to stop; its exit code."""
    with scheduled_by(clock), patch.object(SystemClock, "now", lambda _: clock.now()):
        return daemon.run()


def held() -> dict[str, float]:
    """What this process holds now."""
    gc.collect()
    lines = Path("/proc/self/status").read_text().splitlines()
    [resident] = [line.split()[1] for line in lines if line.startswith("VmRSS")]
    return {
        "mb": int(resident) / 1024,
        "files": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
    }


def main() -> None:
    """The order comes as JSON, and so does what was found."""
    order = json.loads(sys.argv[1])
    life = Life(Path(order["home"]), Path(order["news"]), order["marks"])
    print(json.dumps(life.live()))


if __name__ == "__main__":
    main()
