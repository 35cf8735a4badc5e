"""Rings the runners through the broker, never for long; the records say what is to be done."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any, NoReturn
from uuid import UUID

from mtdata.config import Settings
from mtdata.config.broker_address import BrokerAddress
from mtdata.core.errors import ConfigError
from mtdata.jobs.celery import lines, sqs
from mtdata.jobs.celery.broker_faults import AlarmError

log = logging.getLogger(__name__)
WITHIN_S, TRYING_S, MOST_TIMES, MOST_LOOKS = 3.0, 10.0, 16, 100
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
    send = partial(_send, str(job_id), min(times, MOST_TIMES), hops, how.broker)
    told = _tried(how.broker, send, within_s or WITHIN_S)
    if told:
        log.warning(
            "the broker %s could not be rung (%s); job %s is safe in the records, and a runner "
            "finds it within %g s (SWEEP_S)", how.broker.told(), told, job_id, how.sweep_s,
        )  # fmt: skip
    return not told


def try_out(address: BrokerAddress) -> str:
    """Why no ring comes through the broker, '' when one did; who hears it looks in vain."""
    return _tried(address, partial(_ring_through, address), TRYING_S)


def _tried(address: BrokerAddress, act: Callable[[Any], None], within_s: float) -> str:
    """Why the act on its Celery app did not go well in that time, '' when it did."""
    from mtdata.jobs.celery.app import app_of
    from mtdata.jobs.celery.broker_faults import faults, why

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
def _connected(app: Any, address: BrokerAddress) -> Iterator[Any]:
    # a connection of its own each time: one that is kept is broken just when it is needed
    options = _known_queue(address) if address.kind == "sqs" else _CONFIRMED
    with lines.connected(app.connection_for_write(transport_options=options)) as connection:
        if address.kind != "sqs":
            connection.connection.on_blocked = _stop_ringing
        yield connection


def _known_queue(address: BrokerAddress) -> dict[str, Any]:
    """The one queue by its URL: without it kombu asks for a list of all of the account's."""
    with closing(sqs.client_of(address)) as client:
        return {"predefined_queues": {address.queue: {"url": sqs.url_of(client, address.queue)}}}


def _stop_ringing(reason: str) -> NoReturn:
    raise AlarmError(reason)


def _ring_through(address: BrokerAddress, app: Any) -> None:
    """Do what ears and doors do: make the queue, listen there, ring, and hear a ring."""
    # before the ears, which need not wake
    with lines.listening(app, address, priority=1) as line, _connected(app, address) as connection:
        _put(NOBODY, 1, MOST_HOPS, app, connection, expiration=TRYING_S)
        for _ in range(MOST_LOOKS):
            taken = line.next(0 if address.kind == "sqs" else TRYING_S)
            if taken is None:  # at SQS whoever else listens may have had it by now
                break
            ours = isinstance(taken.said, str) or taken.said.job == NOBODY
            _ = taken.done() if ours else taken.back()
            if not isinstance(taken.said, str):
                return
        if address.kind != "sqs":
            raise TimeoutError


def _send(job_id: str, times: int, hops: int, address: BrokerAddress, app: Any) -> None:
    with _connected(app, address) as connection:
        _put(job_id, times, hops, app, connection)


def _put(job_id: str, times: int, hops: int, app: Any, connection: Any, **more: Any) -> None:
    from mtdata.jobs.celery.app import TASK

    if connection.transport.driver_type == "sqs":
        more["declare"] = ()  # it stands, and to ask for its size is a right of its own
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
