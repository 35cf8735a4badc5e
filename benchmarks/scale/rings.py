"""The broker's queue where so many jobs were ordered, and what a runner has of it that begins."""

from __future__ import annotations

import json
import secrets
import time
from time import process_time
from typing import Any

from benchmarks.bench import Bench
from benchmarks.figures import Measured
from benchmarks.jobs.office import RABBIT, needs_rabbit, remove_queue, until

SIZES = (1_000, 10_000, 100_000)


def waiting(bench: Bench, sizes: tuple[int, ...] = SIZES) -> Measured:
    """Rings that wait after the most orders ÷ after the fewest; what a listener takes for them."""
    needs_rabbit()
    counts, sides = [], {f"{size:,} orders, rings that wait": 0.0 for size in sizes}
    for size in sizes:
        count, spent_ms, woken = _rung(size)
        counts.append(float(count))
        sides[f"{size:,} orders, rings that wait"] = float(count)
        sides[f"{size:,}, CPU ms of a runner that takes them"] = spent_ms
        if woken != count:
            raise RuntimeError(f"{woken} of {count} rings were heard")
    return Measured([counts[-1] / counts[0]], sides, "each order is in the records before it rings")


def _rung(size: int) -> tuple[int, float, int]:
    from mtdata.config.broker import as_configured, broker_of
    from mtdata.jobs.celery import consumer
    from mtdata.jobs.celery.listener import Listener

    queue = f"mtdata-bench-{secrets.token_hex(6)}"
    found = broker_of(f"{RABBIT}?queue={queue}")
    assert found is not None
    address = as_configured(found, "", "quorum")
    try:
        with consumer.consuming(address):  # which makes the queue
            pass
        _publish(queue, size)
        until(lambda: _count(queue) == _count(queue, after_s=0.5))
        count, heard = _count(queue), 0

        def hear(job: str, hops: int) -> None:
            nonlocal heard
            heard += 1

        listener, began = Listener(address, hear), process_time()
        listener.start()
        until(lambda: heard >= count)
        spent_ms = 1e3 * (process_time() - began)
        listener.leave()
        listener.join(5.0)
        return count, spent_ms, heard
    finally:
        remove_queue(queue)


def _publish(queue: str, count: int) -> None:
    """As `ring` publishes, over one connection and unconfirmed."""
    import amqp

    from mtdata.jobs.celery.app import TASK

    body = json.dumps([[str(_JOB), 0], {}, {}])
    headers = {"task": TASK, "id": str(_JOB)}
    kept: dict[str, Any] = {"content_type": "application/json", "content_encoding": "utf-8"}
    with amqp.Connection("127.0.0.1:5672", "guest", "guest") as connection:
        channel = connection.channel()
        for _ in range(count):
            message = amqp.Message(body, application_headers=headers, delivery_mode=1, **kept)
            channel.basic_publish(message, "", queue)


_JOB = "00000000-0000-0000-0000-000000000001"


def _count(queue: str, after_s: float = 0.0) -> int:
    import amqp

    time.sleep(after_s)
    with amqp.Connection("127.0.0.1:5672", "guest", "guest") as connection:
        return int(connection.channel().queue_declare(queue, passive=True).message_count)
