"""Deletes when the site is far away: only the number of connections matters then."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from benchmarks import original
from benchmarks.bench import SCALE, Bench, Home
from benchmarks.figures import Measured, in_ratio
from mtdata.study.collectors.http import SiteAccess
from mtdata.study.collectors.mindtrails import MindTrailsSite
from mtdata.study.model.receipt import Outcome

LATENCY_S = 0.020
CONNECTIONS, POOLED, ONE_BY_ONE = 64, 4_000, 100


def latency(bench: Bench) -> Measured:
    """As many connections as the site bears, beside one by one, each on a new one."""
    with bench.home({}, latency_s=LATENCY_S) as home:
        found = bench.in_turns(
            {
                "connections up to 64": lambda: POOLED / _pooled(home),
                "one by one": lambda: ONE_BY_ONE / _one_by_one(home),
            }
        )
    sides = {f"{name}, deletes/s": median(rates) for name, rates in found.items()}
    return Measured(in_ratio(found["connections up to 64"], found["one by one"]), sides)


def _pooled(home: Home) -> float:
    access = SiteAccess(home.site.url, "bench", "bench", 60.0, 10.0, 1 << 30, CONNECTIONS)
    site = MindTrailsSite(access)
    began = perf_counter()
    answers = list(site.delete(SCALE, range(1, POOLED + 1)))
    took = perf_counter() - began
    site.close()
    if any(answer.outcome is not Outcome.DONE for answer in answers):
        raise RuntimeError("a delete was not done")
    return took


def _one_by_one(home: Home) -> float:
    began = perf_counter()
    for number in range(1, ONE_BY_ONE + 1):
        original.delete(home.site.url, SCALE, number)
    return perf_counter() - began
