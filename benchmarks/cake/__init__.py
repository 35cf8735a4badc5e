"""The benchmarks of reports from CAKE: one line each; a new one is a file and a line."""

from __future__ import annotations

from benchmarks.cake import calls, failing, memory, speed
from benchmarks.figures import Benchmark

CAKE: tuple[Benchmark, ...] = (
    Benchmark(
        "cake_dom",
        "rows a second to CSV ÷ the original's way with a DOM of each whole answer",
        3, True, "", speed.dom,
    ),
    Benchmark(
        "cake_json",
        "rows a second to CSV ÷ the original's way with each whole answer as JSON",
        1.2, True, "", speed.as_json,
    ),
    Benchmark(
        "cake_memory",
        "peak memory of the job's child at 500,000 rows ÷ at 5,000",
        1.3, False, "", memory.clicks,
    ),
    Benchmark(
        "cake_calls_quiet",
        "calls made ÷ least possible, a day with some rows an hour",
        1.3, False, "", calls.quiet,
    ),
    Benchmark(
        "cake_calls_usual",
        "calls made ÷ least possible, a day like one of 500,000 clicks",
        1.3, False, "", calls.usual,
    ),
    Benchmark(
        "cake_calls_dense",
        "calls made ÷ least possible, a day like one of 3,750,000 clicks",
        1.3, False, "", calls.dense,
    ),
    Benchmark(
        "cake_failing",
        "files that differ when 5 % of the calls fail (429, 502, hang, truncated)",
        0, False, "", failing.files,
    ),
)  # fmt: skip
