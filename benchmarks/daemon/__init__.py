"""The benchmarks of the daemon: one line each; a new one is a file and a line."""

from __future__ import annotations

from benchmarks.daemon import idle, rounds
from benchmarks.figures import Benchmark

DAEMON: tuple[Benchmark, ...] = (
    Benchmark(
        "daemon_memory",
        "memory of the daemon after 10,000 rounds ÷ after 1,000",
        1.03, False, "", rounds.memory,
    ),
    Benchmark(
        "daemon_files",
        "open files and threads of the daemon after 10,000 rounds, less those after 1,000",
        0, False, "", rounds.files,
    ),
    Benchmark(
        "idle_round",
        "processor time of an idle round of a daemon with 3 sites of 25 scales, ms a site",
        6, False, "", idle.processor_ms,
    ),
    Benchmark(
        "idle_minute",
        "processor time of a minute of an idle daemon with 3 sites and a slot for jobs, ms",
        60, False, "", idle.minute_ms,
    ),
)  # fmt: skip
