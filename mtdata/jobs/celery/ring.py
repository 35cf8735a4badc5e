"""Rings the runners through the broker, never for long; the records say what is to be done."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import Any, NoReturn
from uuid import UUID

from mtdata import logs
from mtdata.config import Settings
from mtdata.config.broker import BrokerAddress
from mtdata.core.errors import ConfigError
from mtdata.jobs.celery import consumer, inside_celery, sqs
from mtdata.jobs.celery.broker_faults import AlarmError

log = logging.getLogger(__name__)
WITHIN_S, TRYING_S, MOST_TIMES, MOST_LOOKS = 3.0, 10.0, 16, 100
MOST_HOPS = 8
"""By so many busy runners a ring is passed on."""
NOBODY = str(UUID(int=0))
"""No job has this id: a ring for it wakes who hears it, and is passed on by none."""
_CONFIRMED = {"confirm_publish": True}
"""RabbitMQ says that a ring lies in the queue, rather than taking it in silence."""
_SENDERS = threading.BoundedSemaphore(4)
"""So many rings at a time may hang at a broker that does not answer."""


def ring(
    settings: Settings, job_id: Any, times: int = 1, hops: int = 0, within_s: float | None = None
) -> bool:
    """Wake a runner, or so many; False when the broker could not be told.

    The embedded engine has no broker: its slots look into the records by themselves.  `hops` tells
    by how many runners that were busy the ring came here.
    """
    return ring_each(settings, [str(job_id)] * min(times, MOST_TIMES), hops, within_s)


def ring_each(
    settings: Settings, jobs: Sequence[Any], hops: int = 0, within_s: float | None = None
) -> bool:
    """Ring once for each of these jobs, over one connection; False when not all could be rung."""
    how = settings.programme
    if how.engine == "embedded" or how.broker is None or not jobs:
        return True
    send = partial(_send, [str(job) for job in jobs], hops, how.broker)
    fault = _why_not_sent(how.broker, send, within_s or WITHIN_S)
    if fault:
        log.warning(
            "the broker %s could not be rung (%s); job %s%s is safe in the records, and a runner "
            "finds it within %g s (SWEEP_S)", how.broker.redacted(), fault, jobs[0],
            f" (and {more} more)" if (more := len({*jobs}) - 1) else "", how.sweep_s,
            extra=logs.alike(f"{how.broker.redacted()}: {fault}"),  # whichever job it is
        )  # fmt: skip
    return not fault


def probe(address: BrokerAddress) -> str:
    """Why no ring comes through the broker, '' when one did; who hears it looks in vain."""
    return _why_not_sent(address, partial(_round_trip, address), TRYING_S)


def _why_not_sent(address: BrokerAddress, act: Callable[[Any], None], within_s: float) -> str:
    """Why the act on its Celery app did not go well in that time, '' when it did."""
    from mtdata.jobs.celery.app import app_of
    from mtdata.jobs.celery.broker_faults import faults, why

    try:
        app, away = app_of(address), faults()  # loading them is not counted as waiting
    except ConfigError as error:
        return str(error)
    if not _SENDERS.acquire(blocking=False):
        return "earlier rings still hang there"
    faults_met: list[str] = []

    def send_and_note() -> None:
        try:
            act(app)
            faults_met.append("")
        except away as error:
            faults_met.append(why(error, address))
        finally:
            _SENDERS.release()

    sender = threading.Thread(target=send_and_note, name="ring", daemon=True)
    sender.start()
    sender.join(within_s)
    return faults_met[0] if faults_met else f"no answer within {within_s:g} s"


@contextmanager
def _connected(app: Any, address: BrokerAddress) -> Iterator[Any]:
    # a connection of its own each time: one that is kept is broken just when it is needed
    options = _known_queue(address) if address.kind == "sqs" else _CONFIRMED
    with consumer.connected(app.connection_for_write(transport_options=options)) as connection:
        if address.kind != "sqs":
            inside_celery.hear_alarm(connection, _stop_ringing)
        yield connection


def _known_queue(address: BrokerAddress) -> dict[str, Any]:
    """The one queue by its URL: without it kombu asks for a list of all of the account's."""
    with closing(sqs.client_of(address)) as client:
        return {"predefined_queues": {address.queue: {"url": sqs.url_of(client, address.queue)}}}


def _stop_ringing(reason: str) -> NoReturn:
    raise AlarmError(reason)


def _round_trip(address: BrokerAddress, app: Any) -> None:
    """Do what runners and whoever rings them do: make the queue, consume, ring, and get a ring."""
    # before the listeners, which need not wake
    with (
        consumer.consuming(address, priority=1) as own,
        _connected(app, address) as connection,
    ):
        _publish([NOBODY], MOST_HOPS, app, connection, expiration=TRYING_S)
        for _ in range(MOST_LOOKS):
            delivery = own.next(0 if address.kind == "sqs" else TRYING_S)
            if delivery is None:  # at SQS whoever else listens may have had it by now
                break
            ours = isinstance(delivery.content, str) or delivery.content.job == NOBODY
            _ = delivery.ack() if ours else delivery.requeue()
            if not isinstance(delivery.content, str):
                return
        if address.kind != "sqs":
            raise TimeoutError


def _send(jobs: Sequence[str], hops: int, address: BrokerAddress, app: Any) -> None:
    with _connected(app, address) as connection:
        _publish(jobs, hops, app, connection)


def _publish(jobs: Sequence[str], hops: int, app: Any, connection: Any, **more: Any) -> None:
    from mtdata.jobs.celery.app import TASK

    if inside_celery.is_sqs(connection):
        more["declare"] = ()  # it stands, and to ask for its size is a right of its own
    producer = inside_celery.producer_of(app, connection)
    for job_id in jobs:
        app.send_task(
            TASK,
            (job_id, hops),
            producer=producer,
            retry=False,
            ignore_result=True,
            confirm_timeout=TRYING_S,
            **more,
        )
