"""The benchmarks of web logs: one line each; a new one is a file and a line."""

from __future__ import annotations

from benchmarks.figures import Benchmark
from benchmarks.weblogs import imports, parse, shared

WEBLOGS: tuple[Benchmark, ...] = (
    Benchmark(
        "weblogs_parse",
        "combined lines parsed into columns ÷ a plain loop of one regex over the same lines",
        0.8, True, "", parse.columns,
    ),
    Benchmark(
        "weblogs_import", "a log imported with default filters ÷ by Matomo's importer",
        6, True, "", imports.default_filters,
    ),
    Benchmark(
        "weblogs_import_all", "the same with all four flags", 6, True, "", imports.all_flags,
    ),
    Benchmark(
        "weblogs_small_files", "the same in 2,000 packed files", 8, True, "", imports.small_files,
    ),
    Benchmark(
        "weblogs_latency", "speed with answers after 50 ms ÷ with answers at once",
        0.9, True, "", imports.latency,
    ),
    Benchmark(
        "weblogs_memory", "most memory with 2,000,000 lines ÷ with 20,000",
        1.2, False, "", imports.memory,
    ),
    Benchmark(
        "weblogs_two", "`weblogs.import` by the runners of two machines ÷ by one",
        1.7, True, "", shared.runners,
    ),
)  # fmt: skip
