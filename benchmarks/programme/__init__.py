"""The benchmarks of programme data: one line each; a new one is a file and a line."""

from __future__ import annotations

from functools import partial

from benchmarks.figures import Benchmark
from benchmarks.programme import exports, rows, taking_back

DATABASES = ("sqlite", "postgres", "mysql")
PROGRAMME: tuple[Benchmark, ...] = (
    *(
        Benchmark(
            f"teams_{name}",
            f"teams a second imported into {name}, a checkpoint each 50 rows ÷ by its bulk loader",
            0.25, True, "", partial(rows.ratio, name),
        )
        for name in DATABASES
    ),
    *(
        Benchmark(
            f"stop_{name}",
            f"stop of an import of 100,000 teams in {name} until all are taken back, s",
            5, False, "", partial(taking_back.stop, name),
        )
        for name in DATABASES
    ),
    Benchmark(
        "export_postgres",
        "1,000,000 form responses a second into CSV ÷ `COPY … TO STDOUT` into a file",
        0.2, True, "", exports.speed,
    ),
    Benchmark(
        "export_memory",
        "peak memory of the child that writes 1,000,000 form responses as CSV, MB",
        120, False, "", exports.memory,
    ),
)  # fmt: skip
