"""Rings the runners through the broker, never for long; the records say what is to be done."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

from mtdata.config import Settings
from mtdata.domain.broker import BrokerAddress
from mtdata.errors import ConfigError

log = logging.getLogger(__name__)
WITHIN_S, TRYING_S, MOST_TIMES = 3.0, 10.0, 16
MOST_HOPS = 8
"""By so many busy runners a ring is passed on."""
NOBODY = str(UUID(int=0))
"""No job has this id: a ring for it wakes who hears it, and is passed on by none."""
_CONFIRMED = {"confirm_publish": True}
"""RabbitMQ says that a ring lies in the queue, rather than taking it in silence."""
_HANDS = threading.BoundedSemaphore(4)
"""So many rings at a time may hang at a broker that does not answer."""


def ring(
    settings: Settings, job_id: Any, times: int = 1, hops: int = 0, within_s: float | None = None
) -> bool:
    """Wake a runner, or so many; False when the broker could not be told.

    The embedded engine has no broker: its slots look into the records by themselves.  `hops` tells
    by how many runners that were busy the ring came here.
    """
    how = settings.programme
    if how.engine == "embedded" or how.broker is None:
        return True
    send = partial(_send, str(job_id), min(times, MOST_TIMES), hops)
    told = _tried(how.broker, send, within_s or WITHIN_S)
    if told:
        log.warning(
            "the broker %s could not be rung (%s); job %s is safe in the records, and a runner "
            "finds it within %g s (SWEEP_S)", how.broker.told(), told, job_id, how.sweep_s,
        )  # fmt: skip
    return not told


def try_out(address: BrokerAddress) -> str:
    """Why no ring comes through the broker, '' when one did; who hears it looks in vain."""
    return _tried(address, partial(_ring_through, address.queue), TRYING_S)


def _tried(address: BrokerAddress, act: Callable[[Any], None], within_s: float) -> str:
    """Why the act on its Celery app did not go well in that time, '' when it did."""
    from mtdata.jobs.broker import app_of
    from mtdata.jobs.broker_faults import faults, why

    try:
        app, away = app_of(address), faults()  # loading them is not counted as waiting
    except ConfigError as error:
        return str(error)
    if not _HANDS.acquire(blocking=False):
        return "earlier rings still hang there"
    told: list[str] = []

    def do() -> None:
        try:
            act(app)
            told.append("")
        except away as error:
            told.append(why(error, address))
        finally:
            _HANDS.release()

    hand = threading.Thread(target=do, name="doorbell", daemon=True)
    hand.start()
    hand.join(within_s)
    return told[0] if told else f"no answer within {within_s:g} s"


@contextmanager
def _connected(app: Any) -> Iterator[Any]:
    # a connection of its own each time: one that is kept is broken just when it is needed
    with app.connection_for_write(transport_options=_CONFIRMED) as connection:
        connection.ensure_connection(max_retries=0, reraise_as_library_errors=False)
        yield connection


def _ring_through(queue: str, app: Any) -> None:
    """Do what ears and doors do: make the queue, listen there, ring, and hear a ring."""
    from kombu import Consumer

    heard: list[Any] = []
    with _connected(app) as connection:
        channel = connection.channel()
        asked = app.amqp.queues[queue](channel)
        asked.declare()
        if connection.transport.driver_type != "amqp":
            _put(NOBODY, 1, MOST_HOPS, app, connection, expiration=TRYING_S)
            _let_go(asked.get())  # whoever else listens may have had it by now
            return
        asked.consumer_arguments = {"x-priority": 1}  # before the ears, which need not wake
        listening = Consumer(channel, [asked], prefetch_count=1, on_message=heard.append)
        with listening:
            _put(NOBODY, 1, MOST_HOPS, app, connection, expiration=TRYING_S)
            while not heard:
                connection.drain_events(timeout=TRYING_S)
            _let_go(heard[0])


def _let_go(message: Any) -> None:
    """Take our own ring away, and leave any other for who waits for it."""
    if message is None:
        return
    if NOBODY in str(message.headers.get("argsrepr")):
        message.ack()
    else:
        message.requeue()


def _send(job_id: str, times: int, hops: int, app: Any) -> None:
    with _connected(app) as connection:
        _put(job_id, times, hops, app, connection)


def _put(job_id: str, times: int, hops: int, app: Any, connection: Any, **more: float) -> None:
    from mtdata.jobs.broker import TASK

    producer = app.amqp.Producer(connection)
    for _ in range(times):
        app.send_task(
            TASK,
            (job_id, hops),
            producer=producer,
            retry=False,
            ignore_result=True,
            confirm_timeout=TRYING_S,
            **more,
        )
