"""A day with one call in twenty failing, beside an undisturbed one: the same bytes in each file."""

from __future__ import annotations

from typing import Any

from benchmarks.bench import Bench
from benchmarks.cake.bakery import Bakery, bakery
from benchmarks.figures import Measured

ROWS, PAGE = 12_000, 40
TIMEOUT = "2s"
FAULTS = {"throttled": 73, "gateway": 79, "truncated": 83, "hang": 89}
"""Every so-many-th call: numbers that seldom meet, one in twenty together."""
LEAST_SHARE, HANGS_S = 0.04, 4.0


def files(bench: Bench, rows: int = ROWS, page: int = PAGE) -> Measured:
    """How many files differ; both kinds of report."""
    with bakery(bench, clicks_a_day=rows, events_a_day=rows // 10) as place:
        undisturbed, _ = _day(place, page)
        place.kitchen.told()
        for kind, every in FAULTS.items():
            more = {"seconds": HANGS_S} if kind == "hang" else {}
            place.kitchen.fault(kind, every=every, **more)
        disturbed, seconds = _day(place, page)
        told = place.kitchen.told()
    share = told.struck / (told.calls + told.others)
    if share < LEAST_SHARE and rows == ROWS:
        raise RuntimeError(f"only {share:.1%} of the calls failed")
    names = undisturbed.keys() | disturbed.keys()
    differing = sum(undisturbed.get(name) != disturbed.get(name) for name in names)
    sides = {"files": len(names), "calls": told.calls, "failed": told.struck, "seconds": seconds}
    return Measured([float(differing)], sides, "429, 502, a hang and half an answer, by turns")


def _day(place: Bakery, page: int) -> tuple[dict[str, str], Any]:
    seconds = 0.0
    found: dict[str, str] = {}
    for kind in ("cake.clicks", "cake.conversions"):
        seconds += place.carry(kind, TIMEOUT=TIMEOUT, PAGE=page)["seconds"]
        found |= place.files()
    return found, seconds
