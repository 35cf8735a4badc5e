"""The benchmarks of study collection: one line each; a new one is a file and a line."""

from __future__ import annotations

from benchmarks.figures import Benchmark
from benchmarks.study import (
    decoding,
    deleting,
    library,
    looks,
    original_way,
    polls,
    sizes,
    store,
    verifying,
)

STUDY: tuple[Benchmark, ...] = (
    Benchmark(
        "store_one",
        "store (receive to verified) ÷ bare decrypt loop on all cores, one sealed field a row",
        0.88, True, "0.97", store.one,
    ),
    Benchmark(
        "store_five", "the same, five sealed fields a row", 0.92, True, "0.93", store.five
    ),
    Benchmark(
        "store_deletes",
        "store of eight scales with deletes on loopback ÷ bare decrypt loop, one sealed field",
        0.75, True, "0.89", store.with_deletes,
    ),
    Benchmark(
        "library_speed",
        "decryption with its rejection check ÷ `openssl speed rsa2048`, one core",
        0.95, True, "0.963", library.speed,
    ),
    Benchmark(
        "library_refusals",
        "share of 1000 wrong keys and of 1000 damaged values that are refused, 0 good ones refused",
        1.0, True, "1", library.refusals,
    ),
    Benchmark("two_workers", "two workers ÷ inline on one core", 1.8, True, "1.94", store.workers),
    Benchmark(
        "original_way",
        "rows a second, eight scales, deletes included ÷ the original's way (see original.py)",
        130, True, "150", original_way.measured,
    ),
    Benchmark(
        "memory_rows",
        "peak memory of the main process at 100,000 rows ÷ at 1,000",
        1.3, False, "1.24", sizes.memory,
    ),
    Benchmark(
        "memory_gigabyte",
        "peak memory of the main process at a package of 1 GB, MB",
        150, False, "", sizes.gigabyte,
    ),
    Benchmark(
        "time_per_row", "time per row at 100,000 ÷ at 20,000", 1.15, False, "1.0", sizes.time
    ),
    Benchmark(
        "decode_day_8", "`decode` on day 8 ÷ on day 1, equal days", 1.1, False, "", decoding.days
    ),
    Benchmark(
        "decode_year",
        "`decode` of many small sheets ÷ bare decrypt loop on all cores, one sealed field a row",
        0.85, True, "", decoding.year,
    ),
    Benchmark(
        "verify_gigabyte",
        "`verify` ÷ `sha256sum` of the same files, bytes a second",
        0.5, True, "", verifying.gigabyte,
    ),
    Benchmark(
        "delete_latency",
        "deletes at 20 ms latency: up to 64 kept connections ÷ one by one, each on a new one",
        40, True, "17", deleting.latency,
    ),
    Benchmark("idle_poll", "requests of a poll of 25 empty scales", 1, False, "1", polls.idle),
    Benchmark("group_fsync", "store with fsync ÷ without", 0.95, True, "1.0", store.fsync),
    Benchmark(
        "raw_stored",
        "raw bytes stored ÷ unique bytes after 12 polls with deletes off",
        1.1, False, "1", polls.raw_stored,
    ),
    Benchmark(
        "status_ten_million",
        "`mtdata status` of a pool of 10,000,000 entries, its start included, s",
        0.5, False, "", looks.status,
    ),
)  # fmt: skip
