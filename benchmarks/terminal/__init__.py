"""The benchmarks of the command line itself: one line each; a new one is a file and a line."""

from __future__ import annotations

from benchmarks.figures import Benchmark
from benchmarks.terminal import starts

TERMINAL: tuple[Benchmark, ...] = (
    Benchmark(
        "start_help",
        "processor time of `mtdata --help`, s",
        0.2, False, "", starts.help_s,
    ),
    Benchmark(
        "start_version",
        "processor time of `mtdata --version`, s",
        0.2, False, "", starts.version_s,
    ),
    Benchmark(
        "export_empty",
        "`mtdata export` of a site that has nothing, from the start of the process to its end, s",
        0.8, False, "", starts.export_s,
    ),
    Benchmark(
        "check_offline",
        "`mtdata check --offline` of the samples and their codebooks, from start to end, s",
        0.5, False, "", starts.check_offline_s,
    ),
)  # fmt: skip
"""What who calls the program waits for before anything is done: a shell, cron, a script."""
