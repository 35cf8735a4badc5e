"""Rows a second from CAKE into CSV files, beside the original tool's way."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks.bench import Bench
from benchmarks.cake.bakery import Bakery, bakery
from benchmarks.figures import Measured

ROWS = 60_000
"""Clicks of the day: the answers to all sides are kept in the memory of the stand-in."""
DOM, JSON = 1, 4
"""So many of the twelve intervals of each hour: their time for a row is the same however many."""
_found: dict[Bench, dict[str, Any]] = {}


def dom(bench: Bench) -> Measured:
    """Ours ÷ a document of each whole answer, looked through row by row."""
    found = _measured(bench)
    note = f"{ROWS:,} clean clicks, answers made beforehand; ours with its processes begun"
    return _compared(found, "dom", "ours", {"stand-in, µs/row": found["stand-in"]}, note)


def as_json(bench: Bench) -> Measured:
    """Ours ÷ the whole answer as JSON, as the tool did it."""
    note = "its values are Python objects made in C; ours asks for XML, whose dates are exact"
    return _compared(_measured(bench), "json", "ours", {}, note)


def _compared(
    found: dict[str, Any], theirs: str, ours: str, more: dict[str, float], note: str
) -> Measured:
    ratios = [a / b for a, b in zip(found[ours], found[theirs], strict=True)]
    sides = {"ours, rows/s": median(found[ours]), "theirs, rows/s": median(found[theirs])}
    return Measured(ratios, sides | more, note)


def _measured(bench: Bench) -> dict[str, Any]:
    """Every side by turns; the same run serves both figures."""
    if bench not in _found:
        with bakery(bench, keeps=True, clicks_a_day=ROWS, dirty=False) as place:
            sides: dict[str, Callable[[], float]] = {
                "ours": lambda: _rate(place.carry()),
                "dom": lambda: _rate(place.original("dom", DOM), DOM),
                "json": lambda: _rate(place.original("json", JSON), JSON),
            }
            for side in sides.values():
                side()  # the stand-in makes and keeps its answers
            place.kitchen.told()
            _found[bench] = bench.in_turns(sides)
            _found[bench]["stand-in"] = _served_us(place, bench.reps * (12 + DOM + JSON) / 12)
    return _found[bench]


def _rate(took: dict[str, Any], intervals: int = 12) -> float:
    if abs(took["rows"] * 12 / intervals - ROWS) > ROWS / 50:
        raise RuntimeError(f"{took['rows']} rows came instead of {ROWS * intervals / 12:.0f}")
    return float(took["rows"]) / float(took["seconds"])


def _served_us(place: Bakery, days: float) -> float:
    return 1e6 * place.kitchen.told().cpu_s / (days * ROWS)
