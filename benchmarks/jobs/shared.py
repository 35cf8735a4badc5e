"""One pool decoded by one runner and by two, and what an idle one holds."""

from __future__ import annotations

import shutil
import time
from statistics import median

from benchmarks.bench import Bench
from benchmarks.figures import Measured, in_ratio
from benchmarks.jobs.office import Office, at_rest, children_of, megabytes, office, process

SCALES, ROWS = 12, 1_500


def decode(bench: Bench) -> Measured:
    """Each runner has one slot, and a part is one core's work."""
    scales = {f"Scale{number:02}": (bench.package(ROWS, 1), ROWS) for number in range(SCALES)}
    with bench.home(scales) as home:
        home.export()
        with office(bench, "celery", home) as place:
            found = bench.in_turns({"one": lambda: _by(place, 1), "two": lambda: _by(place, 2)})
    sides = {f"{name}, s": median(times) for name, times in found.items()}
    note = f"{SCALES} sheets of {ROWS} rows with one sealed field"
    return Measured(in_ratio(found["one"], found["two"]), sides, note)


def _by(place: Office, count: int) -> float:
    shutil.rmtree(place.home.pool / "recovered_data", ignore_errors=True)
    with place.runners(count):
        began = time.monotonic()
        job = place.add("study.decode", server="bench")
        place.ended(job)
        return time.monotonic() - began


def memory(bench: Bench) -> Measured:
    """The program itself after its first job, when it is idle again."""
    with office(bench, "celery") as place:
        words = ("--config", str(place.home.folder / "config"), "runner", "--slots", "1")
        with process("mtdata", *words) as runner:
            at_rest(runner)
            place.ended(place.add("study.decode", server="."))
            at_rest(runner)
            child = sum(megabytes(pid) for pid in children_of(runner))
            return Measured([megabytes(runner)], {"its waiting child, MB": child})
