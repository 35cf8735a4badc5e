"""A pool of many days, as an old one has it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bench import Bench, Home
from benchmarks.moved_clock import MovedClock
from benchmarks.rows import rows, write_package
from mtdata.config import load
from mtdata.study.operations import commands

FIRST = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
IN_MEMORY = Path("/dev/shm")


def collect_days(
    bench: Bench, home: Home, *, scales: int, days: int, count: int, sealed: int
) -> None:
    """Each day so many rows of each scale, with so many sealed fields; the pool is not there yet.

    Collected in this process, for a start a day would cost more than all; and in memory where
    there is such a folder, then copied.  Each package is a file that goes again, and what follows
    would make its own among thousands of inodes freed a moment ago: no old pool is so.
    """
    site, path = load(home.folder / "config", {}).site("bench"), home.folder / "package.json"
    with TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else home.folder) as collected:
        there = site.model_copy(update={"path": Path(collected) / "pool"})
        for day in range(days):
            write_package(path, rows(bench.key, count, sealed, 1 + day * count))
            home.offer({f"Scale{number:03}": (path, count) for number in range(scales)})
            clock = MovedClock(FIRST + timedelta(days=day))
            told = commands.export(there, ".", clock=clock)
            if told.exit:
                raise RuntimeError(f"the round ended with {told}")
        shutil.copytree(there.path, home.pool)
