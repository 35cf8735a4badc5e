"""Why a broker refuses, in words that never quote its own."""

from __future__ import annotations

import socket
import ssl

import amqp
import pytest

from mtdata.config.broker import BrokerAddress
from mtdata.jobs.celery.broker_faults import why

SECRET = "an-invented-secret"
RABBIT = BrokerAddress("amqp", "h", 5672, vhost="studies", queue="rings")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (amqp.AccessRefused(SECRET), "the account"),
        (amqp.NotAllowed(SECRET), "vhost"),
        (amqp.exceptions.AMQPNotImplementedError(SECRET), "BROKER_QUEUE: classic"),
        (amqp.PreconditionFailed(f"invalid arg 'x-message-ttl' {SECRET}"), "RabbitMQ 3.10"),
        (amqp.PreconditionFailed(SECRET), "PreconditionFailed"),
        (ssl.SSLCertVerificationError(1, SECRET), "BROKER_CA"),
        (ssl.SSLError(1, SECRET), "amqps://"),
        (socket.gaierror(-2, SECRET), "not known to this machine"),
        (ConnectionRefusedError(111, SECRET), "nobody listens"),
        (TimeoutError(SECRET), "no answer in time"),
        (OSError(5, SECRET), "OSError"),
        (None, "NoneType"),
    ],
)
def test_the_type_is_told_with_what_it_means(error: Exception | None, words: str) -> None:
    told = why(error, RABBIT)
    assert told.startswith(type(error).__name__)
    assert words in told
    assert SECRET not in told


def test_a_queue_with_other_arguments_is_told_with_the_line_that_removes_it() -> None:
    said = f"inequivalent arg 'x-queue-type' for queue 'rings' in vhost '{SECRET}'"
    told = why(amqp.PreconditionFailed(said), RABBIT)
    assert "another x-queue-type (406)" in told
    assert "`rabbitmqctl -p studies delete_queue rings`" in told
    assert SECRET not in told
