"""Rows a second from site to sheet and off the site, beside the original's way."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from benchmarks import original
from benchmarks.bench import SCALE, Bench
from benchmarks.figures import Measured, in_ratio
from benchmarks.study.store import SCALES

THEIRS, OURS = 100, 40_000


def measured(bench: Bench) -> Measured:
    """Its time per row does not depend on their number, so a hundred are enough for it.

    Ours are in as many scales as in the figure of the store with deletes.
    """
    found = bench.in_turns(
        {
            "program": lambda: OURS / _our_way(bench),
            "original's way": lambda: THEIRS / _their_way(bench),
        }
    )
    sides = {f"{name}, rows/s": median(rates) for name, rates in found.items()}
    return Measured(in_ratio(found["program"], found["original's way"]), sides)


def _our_way(bench: Bench) -> float:
    return float(bench.store(OURS, 1, scales=SCALES, deletes=True)["seconds"])


def _their_way(bench: Bench) -> float:
    with bench.home({SCALE: (bench.package(THEIRS, 1), THEIRS)}) as home:
        raw, sheet = home.folder / "raw.json", home.folder / "sheet.csv"
        began = perf_counter()
        original.export(home.site.url, SCALE, raw)
        made = original.decode(raw, sheet, home.folder / "keys" / "bench.pem")
        took = perf_counter() - began
    if made != THEIRS:
        raise RuntimeError(f"the original's way made {made} rows of {THEIRS}")
    return took
