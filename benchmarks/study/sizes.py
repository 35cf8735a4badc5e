"""How memory and time grow with the package; the main process and its workers told apart."""

from __future__ import annotations

from functools import cache
from statistics import median

from benchmarks.bench import SCALE, Bench, NotMeasured, Took
from benchmarks.figures import Measured
from benchmarks.rows import longer_rows, write_package

SMALL, MIDDLE, LARGE = 1_000, 20_000, 100_000
GIGABYTE, ROW = 1_000_000_000, 1_850


@cache
def _rounds(bench: Bench) -> dict[int, list[Took]]:
    """Rounds of each size, in turns; both figures are taken from them."""
    taken: dict[int, list[Took]] = {SMALL: [], MIDDLE: [], LARGE: []}
    for number in range(bench.reps):
        for count in list(taken)[:: -1 if number % 2 else 1]:
            taken[count].append(bench.store(count, 1, peaks=True))
    return taken


def memory(bench: Bench) -> Measured:
    """Peak of resident memory."""
    taken = _rounds(bench)
    pairs = zip(taken[LARGE], taken[SMALL], strict=True)
    ratios = [large["peak_mb"] / small["peak_mb"] for large, small in pairs]
    sides = {f"{n} rows, MB": median(t["peak_mb"] for t in taken[n]) for n in (SMALL, LARGE)}
    worker = median(took.get("worker_mb", 0) for took in taken[LARGE])
    return Measured(ratios, sides, f"each worker process beside it: {worker:.0f} MB")


def time(bench: Bench) -> Measured:
    """Time of the round by row; the start of the workers weighs more on the smaller one."""
    taken = _rounds(bench)
    pairs = zip(taken[LARGE], taken[MIDDLE], strict=True)
    ratios = [a["seconds"] / LARGE / (b["seconds"] / MIDDLE) for a, b in pairs]
    return Measured(
        ratios,
        {f"{n} rows, µs/row": median(t["seconds"] for t in taken[n]) / n * 1e6 for n in taken},
    )


def gigabyte(bench: Bench) -> Measured:
    """Half a million entries with long texts, one in a hundred sealed; once, it is no ratio."""
    bench.needs_room(4 * GIGABYTE)
    path = bench.folder / "gigabyte.json"
    bench.say("making a package of 1 GB")
    count = write_package(path, longer_rows(bench.key, GIGABYTE // ROW, ROW + 100))
    size = path.stat().st_size
    if size < GIGABYTE:
        raise NotMeasured(f"the package became {size} bytes only")
    with bench.home({SCALE: (path, count)}) as home:
        took = home.export(peaks=True)
    path.unlink()
    sides = {"entries": count, "bytes": size, "seconds": took["seconds"]}
    worker = f"each worker process beside it: {took.get('worker_mb', 0):.0f} MB"
    return Measured([took["peak_mb"]], sides, worker)
