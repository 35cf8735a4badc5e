"""The benchmark file, written from the ledger at the end of a round; it decides nothing."""

from __future__ import annotations

from mtdata.core.pool_files import BENCHMARK
from mtdata.study.model.benchmark import benchmark_text
from mtdata.study.pool import Pool
from mtdata.study.status.report import RoundReport


def write_benchmark(pool: Pool, report: RoundReport) -> None:
    """Scales of an older program's file stay in it; it is written when something changed."""
    disk, marks = pool.disk, pool.ledger.listing.benchmarks()
    size = disk.size(BENCHMARK)
    before = b"" if size is None else disk.read(BENCHMARK, 0, size)
    text = benchmark_text(marks, before)
    if marks and text != before:
        disk.replace(BENCHMARK, text)
        if size is None:
            report.tell("benchmark_created", "", f"{BENCHMARK}: {len(marks)} scales")
