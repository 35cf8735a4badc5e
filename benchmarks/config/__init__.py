"""The benchmarks of the config: one line each; a new one is a file and a line."""

from __future__ import annotations

from benchmarks.config import offline
from benchmarks.figures import Benchmark

CONFIG: tuple[Benchmark, ...] = (
    Benchmark(
        "check_offline",
        "seconds of `mtdata check --offline` as a process, the samples with every codebook",
        0.5, False, "", offline.seconds,
    ),
)  # fmt: skip
