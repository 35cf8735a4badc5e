"""From an order to the start of its work, by an idle runner that has a child waiting."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from statistics import median, quantiles

from benchmarks.bench import Bench
from benchmarks.figures import Measured, in_ratio
from benchmarks.jobs.office import at_rest, office
from mtdata.jobs.runner import LOOK_S

ORDERS = 50
_found: dict[tuple[Path, str], list[float]] = {}


def embedded(bench: Bench) -> Measured:
    """Looked for twice a second."""
    return _told(_measured(bench, "embedded"))


def celery(bench: Bench) -> Measured:
    """Rung through RabbitMQ."""
    return _told(_measured(bench, "celery"))


def ratio(bench: Bench) -> Measured:
    """The same orders as both of these."""
    found = {engine: _measured(bench, engine) for engine in ("celery", "embedded")}
    sides = {f"{engine}, ms": median(times) for engine, times in found.items()}
    return Measured(in_ratio(sorted(found["celery"]), sorted(found["embedded"])), sides)


def _told(times: list[float]) -> Measured:
    sides = {"99 of 100 within, ms": quantiles(times, n=100)[98]}
    return Measured(times, sides, f"{len(times)} orders, planning included")


def _measured(bench: Bench, engine: str) -> list[float]:
    if (bench.folder, engine) not in _found:
        with office(bench, engine) as place, place.runners(1) as [runner]:
            times, chance = [], Random(5)
            place.ended(place.add("empty"))  # the first ring loads what it needs
            at_rest(runner)
            for _ in range(ORDERS):
                began = time.monotonic()
                job = place.add("empty")
                times.append((place.begun(job) - began) * 1000)
                place.ended(job)
                at_rest(runner)
                time.sleep(chance.uniform(0, LOOK_S))  # not in step with its looks
        _found[bench.folder, engine] = times
    return _found[bench.folder, engine]
