"""What a row costs each duty at three sizes: CPU of this machine's processes, memory, bytes."""

from __future__ import annotations

import resource
from time import process_time

from benchmarks.bench import SCALE, Bench
from benchmarks.cake.bakery import bakery
from benchmarks.figures import Measured
from benchmarks.programme.depot import csv_of, depot, teams
from benchmarks.scale.growth import grown
from benchmarks.toolbox.speed import ours
from benchmarks.toolbox.year import SERVER, Year
from benchmarks.weblogs.parse import blocks_of, read

ROWS = (1_000, 10_000, 100_000)
CLICKS = (600, 6_000, 60_000)
TEAMS = (200, 2_000, 20_000)
LINES = (2_000, 20_000, 200_000)
SCALES = 20


def study(bench: Bench, sizes: tuple[int, ...] = ROWS) -> Measured:
    """A round of a package without sealed fields, in µs a row; the memory and the ledger beside."""
    more: dict[str, float] = {}

    def cost(count: int) -> float:
        package = bench.package(count, 0)
        with bench.home({SCALE: (package, count)}) as home:
            took = home.export(peaks=True)
            ledger = sum(one.stat().st_size for one in home.pool.glob("ledger.sqlite3*"))
        more[f"{count:,}, MB of memory"] = took["peak_mb"]
        more[f"{count:,}, bytes of ledger a row"] = ledger / count
        return float(1e6 * took["cpu_s"] / count)

    found = grown(sizes, "rows, CPU µs a row", cost)
    return Measured(found.ratios, {**found.sides, **more}, "of the main process; no key is used")


def cake(bench: Bench, sizes: tuple[int, ...] = CLICKS) -> Measured:
    """A day of clicks from the order to the last file, in µs a row."""
    more: dict[str, float] = {}

    def cost(count: int) -> float:
        with bakery(bench, keeps=True, clicks_a_day=count, dirty=False) as place:
            place.carry()  # the stand-in makes and keeps its answers
            before = _of_children()
            took = place.carry()
            more[f"{count:,}, MB of memory"] = took["peak_mb"]
            return 1e6 * (_of_children() - before) / float(took["rows"])

    found = grown(sizes, "clicks, CPU µs a row", cost)
    note = "24 hours are 24 parts, whatever is in them: their start weighs on a small day"
    return Measured(found.ratios, {**found.sides, **more}, note)


def _of_children() -> float:
    """Processor time of the processes that have ended by now."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def weblogs(bench: Bench, sizes: tuple[int, ...] = LINES) -> Measured:
    """Lines into hits, in µs a line."""

    def cost(count: int) -> float:
        blocks = blocks_of(count)
        began = process_time()
        read(blocks, frozenset())
        return 1e6 * (process_time() - began) / count

    return grown(sizes, "lines, CPU µs a line", cost, "default filters; Matomo takes no part")


def programme(bench: Bench, sizes: tuple[int, ...] = TEAMS) -> Measured:
    """An import into SQLite that holds those before it, in µs a row."""
    with depot(bench, "sqlite") as place:

        def cost(count: int) -> float:
            job = place.order(csv_of(teams(count)))
            began = process_time()
            place.step(job)
            return 1e6 * (process_time() - began) / count

        return grown(sizes, "teams, CPU µs a row", cost, "a checkpoint each 50 rows")


def toolbox(bench: Bench, sizes: tuple[int, ...] = ROWS) -> Measured:
    """`quality all` of a pool, a sheet for each 14 entries as in life, in µs an entry."""
    more: dict[str, float] = {}

    def cost(count: int) -> float:
        days = max(1, count // (14 * SCALES))
        year = Year(bench.folder / f"year-{count}", count, SCALES, days)
        year.make()
        before = _of_children()
        took = ours(year, ["quality", "all", SERVER])
        more[f"{count:,}, MB of memory"] = took["peak_mb"]
        return 1e6 * (_of_children() - before) / count

    found = grown(sizes, "entries, CPU µs an entry", cost)
    return Measured(found.ratios, {**found.sides, **more}, "a process, its start included")
