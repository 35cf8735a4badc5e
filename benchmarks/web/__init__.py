"""The benchmarks of the web page: one line each; a new one is a file and a line."""

from __future__ import annotations

from benchmarks.figures import Benchmark
from benchmarks.web import downloads, overview

WEB: tuple[Benchmark, ...] = (
    Benchmark(
        "web_download",
        "most memory of the web page while a CSV of a million rows is downloaded ÷ before",
        1.1, False, "", downloads.memory,
    ),
    Benchmark(
        "web_idle",
        "memory of the web page between two requests, in MB",
        110, False, "", downloads.idle,
    ),
    Benchmark(
        "web_overview",
        "ms until the first page of 20 sites has come, asked for the first time",
        150, False, "", overview.first_content,
    ),
    Benchmark(
        "overview_ten_million",
        "ms until the first byte of the first page, 20 sites of 100 scales, 10,000,000 entries",
        150, False, "", overview.first_byte,
    ),
)  # fmt: skip
