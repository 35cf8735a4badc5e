"""The most memory that the child of a job has, by the rows of its day."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.cake.bakery import bakery
from benchmarks.figures import Measured

FEW, MANY = 5_000, 500_000


def clicks(bench: Bench, few: int = FEW, many: int = MANY) -> Measured:
    """A day of clicks, dirty ones among them, into 24 files; once, since it is long."""
    return _grown(bench, "cake.clicks", few, many)


def _grown(bench: Bench, kind: str, few: int, many: int) -> Measured:
    peaks, seconds = {}, 0.0
    for rows in (few, many):
        with bakery(bench, clicks_a_day=rows, events_a_day=rows) as place:
            took = place.carry(kind)
        if took["rows"] != rows:
            raise RuntimeError(f"{took['rows']} rows came instead of {rows}")
        peaks[rows], seconds = took["peak_mb"], took["seconds"]
    sides = {f"{rows:,} rows, MB": peak for rows, peak in peaks.items()}
    note = f"the {many:,} rows took {seconds:.0f} s, the stand-in's work included"
    return Measured([peaks[many] / peaks[few]], sides, note)
