"""The benchmarks of jobs: one line each; a new one is a file and a line."""

from __future__ import annotations

from benchmarks.figures import Benchmark
from benchmarks.jobs import carried, ringing, shared

JOBS: tuple[Benchmark, ...] = (
    Benchmark(
        "ring_embedded",
        "order to start of work, embedded (it looks twice a second), ms",
        1000, False, "", ringing.embedded,
    ),
    Benchmark(
        "ring_celery",
        "order to start of work, Celery on RabbitMQ, ms",
        250, False, "", ringing.celery,
    ),
    Benchmark(
        "ring_ratio",
        "order to start of work, Celery ÷ embedded",
        1.0, False, "", ringing.ratio,
    ),
    Benchmark(
        "empty_jobs",
        "empty jobs a second by one embedded runner, records in SQLite",
        25, True, "", carried.empty,
    ),
    Benchmark(
        "empty_jobs_two",
        "empty jobs a second by two Celery runners, records in PostgreSQL",
        60, True, "", carried.empty_by_two,
    ),
    Benchmark(
        "stop",
        "stop of a running import of 100,000 rows until all are taken back, s",
        10, False, "", carried.stop,
    ),
    Benchmark(
        "decode_two", "`study.decode` by two Celery runners ÷ by one", 1.8, True, "", shared.decode
    ),
    Benchmark(
        "idle_memory", "memory of a Celery runner that waits, its waiting child apart, MB",
        60, False, "", shared.memory,
    ),
)  # fmt: skip
