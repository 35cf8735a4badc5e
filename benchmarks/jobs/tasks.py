"""A worker of plain Celery with an empty task, to stand beside ours."""

from __future__ import annotations

import os
import time
from pathlib import Path

from celery import Celery
from kombu import Exchange, Queue


def plain(broker: str, queue: str) -> Celery:
    """Celery as it is, with a queue of its own."""
    made = Celery("bench", broker=broker)
    made.conf.update(
        task_queues=[Queue(queue, Exchange(""), routing_key=queue)],
        task_default_queue=queue,
        task_ignore_result=True,
    )
    return made


app = plain(os.environ.get("BENCH_BROKER", "memory://"), os.environ.get("BENCH_QUEUE", "bench"))


@app.task(name="bench.nothing")  # type: ignore[untyped-decorator]
def nothing(note: str = "") -> None:
    """Do nothing; the last one notes when."""
    if note:
        Path(note).write_text(str(time.monotonic()))
