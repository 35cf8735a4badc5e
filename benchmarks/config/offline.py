"""How long a check of the config takes in CI: a process from its start to its end."""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from time import perf_counter

from benchmarks.bench import ROOT, Bench
from benchmarks.figures import Measured
from mtdata.config import write_samples

TIMES = 5


def seconds(bench: Bench) -> Measured:
    """The median of some starts each repetition; processor time of all is told beside it."""
    import resource

    folder = bench.folder / "checked" / "config"
    write_samples(folder)
    words = [sys.executable, "-I", "-m", "mtdata", "check", "--offline", "--config", str(folder)]
    subprocess.run(words, check=True, capture_output=True, cwd=ROOT)  # what was compiled is kept
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = [[_once(words) for _ in range(TIMES)] for _ in range(bench.reps)]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    told = {"processor, s": spent / (TIMES * bench.reps)}
    return Measured([median(some) for some in took], told, f"median of {TIMES} starts each")


def _once(words: list[str]) -> float:
    began = perf_counter()
    subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
    return perf_counter() - began
