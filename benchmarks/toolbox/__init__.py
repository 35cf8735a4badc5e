"""The benchmarks of the toolbox: one line each; a new one is a file and a line."""

from __future__ import annotations

from benchmarks.figures import Benchmark
from benchmarks.toolbox import speed

TOOLBOX: tuple[Benchmark, ...] = (
    Benchmark(
        "toolbox_report", "`report scale` of a year in 200 scales ÷ plain pandas, sheet by sheet",
        5, True, "", speed.report,
    ),
    Benchmark("toolbox_quality", "`quality all`, the same", 5, True, "", speed.quality),
    Benchmark("toolbox_scores", "`scores all`, the same", 5, True, "", speed.scores),
    Benchmark("toolbox_query", "`query` over all scales, the same", 5, True, "", speed.query),
    Benchmark(
        "toolbox_memory", "most memory of these commands, MB", 500, False, "", speed.memory,
    ),
)  # fmt: skip
