"""`decode` day after day: what was recovered before and did not change is not made again."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from benchmarks.bench import SCALE, Bench, Home
from benchmarks.figures import Measured, in_ratio
from benchmarks.rows import rows, write_package

ROWS, DAYS = 4_000, 8
FIRST = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def days(bench: Bench) -> Measured:
    """The pool as it was before `decode` on day 1 and on day 8, each decoded again and again."""
    with bench.home({}, deletes=True) as home:
        for day in range(1, DAYS + 1):
            _collect(bench, home, day)
            if day in (1, DAYS):
                shutil.copytree(home.pool, home.folder / f"day-{day}")
            home.run("decode")
        found = bench.in_turns(
            {f"day {day}": _decoding(home, day) for day in (1, DAYS)},
        )
    sides = {f"{name}, s": median(times) for name, times in found.items()}
    return Measured(in_ratio(found[f"day {DAYS}"], found["day 1"]), sides)


def _collect(bench: Bench, home: Home, day: int) -> None:
    path, first = home.folder / "package.json", (day - 1) * ROWS + 1
    write_package(path, rows(bench.key, ROWS, 1, first))
    home.offer({SCALE: (path, ROWS)})
    home.export(at=(FIRST + timedelta(days=day)).isoformat())


def _decoding(home: Home, day: int) -> Any:
    def decode() -> float:
        shutil.rmtree(home.pool)
        shutil.copytree(home.folder / f"day-{day}", home.pool)
        took = home.run("decode")
        made = sum(sheet["rows"] for sheet in took["told"])
        if made != ROWS * day:
            raise RuntimeError(f"decode on day {day} tells of {made} rows")
        return float(took["seconds"])

    return decode
