"""`decode` day after day, where what did not change stays, and of a year, where all is made."""

from __future__ import annotations

import shutil
from datetime import timedelta
from statistics import median
from typing import Any

from benchmarks.bare import BareLoops, shares
from benchmarks.bench import SCALE, Bench, Home, Took
from benchmarks.figures import Measured, in_ratio
from benchmarks.rows import rows, seal, write_package
from benchmarks.study.days import FIRST, collect_days

ROWS, DAYS = 4_000, 8
SCALES, YEAR_DAYS, SHEET_ROWS = 200, 12, 20
KEPT = ("pool", "state")
"""An older pool alone is refused: which one was known stands in the state."""


def days(bench: Bench) -> Measured:
    """The pool as it was before `decode` on day 1 and on day 8, each decoded again and again."""
    with bench.home({}, deletes=True) as home:
        for day in range(1, DAYS + 1):
            _collect(bench, home, day)
            if day in (1, DAYS):
                for name in KEPT:
                    shutil.copytree(home.folder / name, home.folder / f"{name}-{day}")
            home.run("decode")
        found = bench.in_turns(
            {f"day {day}": _decoding(home, day) for day in (1, DAYS)},
        )
    sides = {f"{name}, s": median(times) for name, times in found.items()}
    return Measured(in_ratio(found[f"day {DAYS}"], found["day 1"]), sides)


def year(bench: Bench) -> Measured:
    """As many small sheets as a year of 200 scales has, times 2,400 ÷ 73,000."""
    values = [seal(bench.key, str(number)) for number in range(SHEET_ROWS)]
    every = SCALES * YEAR_DAYS * SHEET_ROWS
    with bench.home({}, deletes=True) as home, BareLoops(bench.key, values * 1_200) as loops:
        collect_days(bench, home, scales=SCALES, days=YEAR_DAYS, count=SHEET_ROWS, sealed=1)
        runs: list[Took] = []
        (home.pool / "recovered_data").mkdir(mode=0o700)

        def decode() -> float:
            # not removed: a file system looks past each inode that was freed a moment ago
            (home.pool / "recovered_data").rename(home.folder / f"made-{len(runs)}")
            runs.append(home.run("decode"))
            if sum(sheet["rows"] for sheet in runs[-1]["told"]) != every:
                raise RuntimeError("decode made another number of rows")
            return every / float(runs[-1]["seconds"])

        found = bench.in_turns({"decode": decode, "bare": loops.rate})
        spent = shares(runs, every, loops.processor_s())
    sides = {f"{name}, values/s": median(rates) for name, rates in found.items()}
    sheets = f"{SCALES * YEAR_DAYS} sheets of {SHEET_ROWS} rows with one sealed field"
    note = f"{sheets}, where a year of 200 scales has 73,000; {spent}"
    return Measured(in_ratio(found["decode"], found["bare"]), sides, note)


def _collect(bench: Bench, home: Home, day: int) -> None:
    path, first = home.folder / "package.json", (day - 1) * ROWS + 1
    write_package(path, rows(bench.key, ROWS, 1, first))
    home.offer({SCALE: (path, ROWS)})
    home.export(at=(FIRST + timedelta(days=day)).isoformat())


def _decoding(home: Home, day: int) -> Any:
    def decode() -> float:
        for name in KEPT:
            shutil.rmtree(home.folder / name)
            shutil.copytree(home.folder / f"{name}-{day}", home.folder / name)
        took = home.run("decode")
        made = sum(sheet["rows"] for sheet in took["told"])
        if made != ROWS * day:
            raise RuntimeError(f"decode on day {day} tells of {made} rows")
        return float(took["seconds"])

    return decode
