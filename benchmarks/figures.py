"""What a benchmark is and what it gives: ratios, their median, and whether the target is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

from benchmarks.bench import Bench


@dataclass(frozen=True)
class Measured:
    """The ratio of each repetition, what its sides were (medians, with their unit), and a note."""

    ratios: list[float]
    sides: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


class Benchmark(NamedTuple):
    """One line of the table: `target` is the least (or, not `at_least`, the most) allowed."""

    name: str
    what: str
    target: float
    at_least: bool
    prototype: str
    measure: Callable[[Bench], Measured]

    def bound(self) -> str:
        """The target as people write it."""
        return f"{'≥' if self.at_least else '≤'} {self.target:g}"

    def judged(self, measured: Measured) -> dict[str, Any]:
        """The figure as JSON has it."""
        middle = median(measured.ratios)
        met = middle >= self.target if self.at_least else middle <= self.target
        return {
            "what": self.what,
            "median": round(middle, 4),
            "low": round(min(measured.ratios), 4),
            "high": round(max(measured.ratios), 4),
            "repetitions": len(measured.ratios),
            "target": self.bound(),
            "prototype": self.prototype,
            "met": met,
            "sides": {name: float(f"{value:.4g}") for name, value in measured.sides.items()},
            "note": measured.note,
        }


def in_ratio(above: list[float], below: list[float]) -> list[float]:
    """The ratio of each repetition."""
    return [a / b for a, b in zip(above, below, strict=True)]
