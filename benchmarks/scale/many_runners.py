"""5, 15 and 50 processes on one PostgreSQL that only claim, renew and finish; and a deep queue."""

from __future__ import annotations

from typing import Any

from benchmarks.bench import Bench, in_process_of_its_own
from benchmarks.figures import Measured
from benchmarks.programme.depot import Depot, depot
from benchmarks.scale import crowd
from benchmarks.scale.growth import grown

RUNNERS = (5, 15, 50)
DEPTHS = (1_000, 10_000, 100_000)
QUEUED, SECONDS = 20_000, 15.0


def claims(
    bench: Bench,
    counts: tuple[int, ...] = RUNNERS,
    seconds: float = SECONDS,
    queued: int = QUEUED,
) -> Measured:
    """Claims a second by the most processes ÷ by the fewest."""
    rates: dict[int, float] = {}
    sides = {f"{count} runners, claims/s": 0.0 for count in counts}
    with depot(bench, "postgres") as place:
        crowd.add_queued(queued)
        for count in counts:
            took = _carried(place, count, seconds)
            ms = sorted(one for each in took for one in each["ms"])
            rates[count] = len(ms) / seconds
            sides[f"{count} runners, claims/s"] = rates[count]
            sides[f"{count}, p99 of a claim, ms"] = ms[int(len(ms) * 0.99)]
            sides[f"{count}, CPU ms a job at the runner"] = _cpu_ms(took, "cpu_s")
            sides[f"{count}, CPU ms a job at the database"] = _cpu_ms(took, "database_s")
    note = f"{queued:,} jobs wait; each is claimed, renewed once and finished"
    return Measured([rates[counts[-1]] / rates[counts[0]]], sides, note)


def depth(bench: Bench, depths: tuple[int, ...] = DEPTHS, seconds: float = SECONDS / 3) -> Measured:
    """What a job costs one runner and the database where the most wait ÷ where the fewest do."""

    def cost(count: int) -> float:
        with depot(bench, "postgres") as place:
            crowd.add_queued(count)
            took = _carried(place, 1, seconds)
            return _cpu_ms(took, "cpu_s") + _cpu_ms(took, "database_s")

    return grown(depths, "jobs wait", cost, "CPU ms a job, at the runner and the database")


def _carried(place: Depot, count: int, seconds: float) -> list[dict[str, Any]]:
    order = {"config": str(place.settings.folder), "count": count, "seconds": seconds}
    took: Any = in_process_of_its_own("benchmarks.scale.claimers", order)
    return list(took)


def _cpu_ms(took: list[dict[str, Any]], what: str) -> float:
    """Of each job that was carried."""
    return 1e3 * sum(each[what] for each in took) / sum(len(each["ms"]) for each in took)
