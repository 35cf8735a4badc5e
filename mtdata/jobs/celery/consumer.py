"""The line to a broker, on which messages come in one at a time; what they say is read elsewhere.

RabbitMQ is asked by py-amqp and SQS by boto3, below Celery: so nothing of a message is acted on, or
even unpacked, before it is known to be a ring.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import Any, NamedTuple, Protocol

from mtdata.config.broker import BrokerAddress
from mtdata.jobs.celery import inside_celery, sqs
from mtdata.jobs.celery.app import declare, listening_connection
from mtdata.jobs.celery.message import Ring, ring_in_amqp, ring_in_sqs


class Delivery(NamedTuple):
    """A message that nobody else sees meanwhile: a ring, or why it is none."""

    content: Ring | str
    ack: Callable[[], Any]
    """Take it away for good."""
    requeue: Callable[[], Any]
    """Let somebody else have it."""


class BrokerConnection(Protocol):
    """A line that stands; faults are those of `broker_faults`."""

    def next(self, within_s: float) -> Delivery | None:
        """The next message; None when none came by then."""
        ...


class _Rabbit:
    """RabbitMQ sends what there is, one message at a time."""

    def __init__(self, connection: Any, channel: Any, queue: str, priority: int) -> None:
        self._connection, self._channel = connection, channel
        self._waiting: deque[Any] = deque()
        channel.basic_qos(0, 1, False)
        arguments = {"x-priority": priority} if priority else None
        channel.basic_consume(queue, callback=self._waiting.append, arguments=arguments)

    def next(self, within_s: float) -> Delivery | None:
        """Port: BrokerConnection.next."""
        if not self._waiting:
            with suppress(TimeoutError):
                self._connection.drain_events(timeout=within_s)
        if not self._waiting:
            return None
        message = self._waiting.popleft()
        tag = message.delivery_info["delivery_tag"]
        return Delivery(
            ring_in_amqp(message.properties, message.body),
            partial(self._channel.basic_ack, tag),
            partial(self._channel.basic_reject, tag, requeue=True),
        )


class _Sqs:
    """SQS is asked again and again; what it gave is hidden from others for a while."""

    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url

    def next(self, within_s: float) -> Delivery | None:
        """Port: BrokerConnection.next."""
        answer = self._client.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=1, WaitTimeSeconds=int(within_s)
        )
        for message in answer.get("Messages", []):
            known = {"QueueUrl": self._url, "ReceiptHandle": message["ReceiptHandle"]}
            return Delivery(
                ring_in_sqs(message.get("Body")),
                partial(self._client.delete_message, **known),
                partial(self._client.change_message_visibility, **known, VisibilityTimeout=0),
            )
        return None


@contextmanager
def consuming(address: BrokerAddress, priority: int = 0) -> Iterator[BrokerConnection]:
    """A line to the queue, which is made where it does not stand; who has priority hears first."""
    if address.kind == "sqs":
        with closing(sqs.client_of(address)) as client:
            yield _Sqs(client, sqs.url_of(client, address.queue))
        return
    with _dropped_by_faults(listening_connection(address)) as connection:
        channel = connection.channel()
        declare(address, channel)
        yield _Rabbit(connection, channel, address.queue, priority)


@contextmanager
def connected(connection: Any) -> Iterator[Any]:
    """A connection of kombu's once it stands, tried once."""
    with _dropped_by_faults(connection):
        connection.ensure_connection(max_retries=0, reraise_as_library_errors=False)
        yield connection


@contextmanager
def _dropped_by_faults(connection: Any) -> Iterator[Any]:
    with connection:
        try:
            yield connection
        except BaseException:
            inside_celery.drop(connection)
            raise


def purge(address: BrokerAddress) -> None:
    """Drop every message that waits at RabbitMQ: one of them cannot even be taken."""
    with _dropped_by_faults(listening_connection(address)) as connection:
        connection.channel().queue_purge(address.queue)
