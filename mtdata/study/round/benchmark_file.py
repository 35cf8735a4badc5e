"""The benchmark file: how far each scale was collected, as the original program kept it."""

from __future__ import annotations

from mtdata.core.pool_files import BENCHMARK
from mtdata.study.model.benchmark import benchmark_text
from mtdata.study.pool import Pool


def write_benchmark(pool: Pool) -> int:
    """Write the file as the ledger has it; returns the number of scales of one that is new, else 0.

    Scales of an older program's file stay in it; nothing is written when nothing changed.
    StorageError when it cannot be written.
    """
    disk, marks = pool.disk, pool.ledger.listing.benchmarks()
    size = disk.size(BENCHMARK)
    before = b"" if size is None else disk.read(BENCHMARK, 0, size)
    text = benchmark_text(marks, before)
    if not marks or text == before:
        return 0
    disk.replace(BENCHMARK, text)
    return len(marks) if size is None else 0
