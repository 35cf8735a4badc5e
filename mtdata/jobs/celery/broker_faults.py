"""Why a broker is away or refuses, in words; it never quotes the broker's own, which could hold the
account.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from typing import Any

from mtdata.config.broker import BrokerAddress

_DENIED = ("403", "AccessDenied", "AccessDeniedException")
_INEQUIVALENT = re.compile(r"inequivalent arg '([a-z-]{1,40})'")
_UNREADABLE = "a message there cannot be read"
_WHY = {
    "AccessRefused": "it does not accept the account, or the account may not use the queue",
    "NotAllowed": "there is no such vhost, or the account may not use it",
    "NotFound": "the queue is gone",
    "ResourceLocked": "another connection has the queue for itself",
    "AMQPNotImplementedError": "it cannot do what a quorum queue needs; BROKER_QUEUE: classic does",
    "MessageNacked": "it did not take the ring; the queue may have no majority of its nodes",
    "ConnectionForced": "it is shutting down, or its admin ended the connection",
    "SSLCertVerificationError": "no authority vouches for its certificate and name (BROKER_CA)",
    "SSLError": "TLS failed: amqps:// is for a port with TLS, amqp:// for one without",
    "gaierror": "its host is not known to this machine",
    "ConnectionRefusedError": "nobody listens at its host and port",
    "TimeoutError": "no answer in time",
    "NoCredentialsError": "no key stands in BROKER, and this machine has no role",
    "AlarmError": "it has raised an alarm, memory or disk, and takes no ring until that is over",
    "RecursionError": _UNREADABLE,
    "UnicodeDecodeError": _UNREADABLE,
    "FrameSyntaxError": _UNREADABLE,
}


class AlarmError(Exception):
    """RabbitMQ has blocked the connection: from here on it reads nothing that we send."""


def faults() -> tuple[type[Exception], ...]:
    """What a broker that is away, or refuses, is told by."""
    from amqp.exceptions import AMQPError, MessageNacked
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
    from kombu.exceptions import KombuError

    return (OSError, AMQPError, MessageNacked, KombuError, BotoCoreError, ClientError, AlarmError)


def is_unreadable(error: BaseException) -> bool:
    """Whether no broker is to blame, but what it handed over: py-amqp cannot even take it."""
    from amqp.exceptions import FrameSyntaxError

    if isinstance(error, OSError):
        return error.errno == errno.EOVERFLOW  # so says libc to a time in no year of ours
    return isinstance(error, FrameSyntaxError) or not isinstance(error, faults())


def why(error: BaseException | None, address: BrokerAddress) -> str:
    """The type of the error, and what it means where that is known."""
    if error is not None and type(error).__name__ not in _WHY and error.__cause__ is not None:
        error = error.__cause__  # kombu calls much of it an OperationalError
    name = type(error).__name__
    words = _of_queue(str(error), address) if name == "PreconditionFailed" else _WHY.get(name, "")
    if isinstance(error, ssl.SSLError | socket.gaierror) and not words:
        words = _WHY["SSLError"]
    words = words or _of_sqs(error)
    return f"{name}: {words}" if words else name


def _of_sqs(error: Any) -> str:
    """Which right is missing, or the short code by which SQS refuses."""
    operation = getattr(error, "operation_name", "")
    if not isinstance(operation, str) or not operation.isalpha():
        return ""
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in _DENIED:
        gone = "the queue does not stand there, and " if operation == "CreateQueue" else ""
        return f"{gone}the account lacks the right sqs:{operation} for it"
    return f"sqs:{operation} is refused ({code})" if re.fullmatch("[A-Za-z.]{1,80}", code) else ""


def _of_queue(said: str, address: BrokerAddress) -> str:
    if "invalid arg" in said:
        return (
            "it cannot make such a queue; RabbitMQ 3.10 or later can, and BROKER_QUEUE: classic "
            "needs less"
        )
    argument = _INEQUIVALENT.search(said)
    if argument is None:
        return ""
    vhost = "" if address.vhost == "/" else f"-p {address.vhost} "
    return (
        f"the queue {address.queue} stands there with another {argument[1]} (406); jobs wait up to "
        f"SWEEP_S each. `rabbitmqctl {vhost}delete_queue {address.queue}` removes it, and it is "
        "made anew; or write BROKER_QUEUE: classic where it is such; or name another by ?queue="
    )
