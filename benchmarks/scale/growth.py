"""One measure at three sizes, each ten times the one before, and how it grew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import process_time

from benchmarks.figures import Measured

Measure = Callable[[int], float]


def grown(sizes: Sequence[int], what: str, measure: Measure, note: str = "") -> Measured:
    """What the last size costs ÷ what the first does; each once, the smallest first."""
    found = [measure(size) for size in sizes]
    sides = {f"{size:,} {what}": cost for size, cost in zip(sizes, found, strict=True)}
    return Measured([found[-1] / found[0]], sides, note)


def least_cpu_ms(act: Callable[[], object], times: int = 5) -> float:
    """The least processor time of this process for it, in ms."""
    found = []
    for _ in range(times):
        began = process_time()
        act()
        found.append(1e3 * (process_time() - began))
    return min(found)
