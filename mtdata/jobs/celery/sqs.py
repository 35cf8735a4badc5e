"""How the one queue at SQS is reached: its client and its URL; no other queue is ever asked for."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from mtdata.config.broker import BrokerAddress
from mtdata.config.values import is_loopback

CONNECT_S, READ_S, LONG_POLL_S = 2.0, 10.0, 5
KEPT_S, HIDDEN_S = 3600, 60
"""So long a ring waits, and so long one that was taken is hidden from others."""
LIMITS: dict[str, Any] = {
    "connect_timeout": CONNECT_S,
    "read_timeout": LONG_POLL_S + READ_S,
    "retries": {"total_max_attempts": 1},
}


def region() -> str | None:
    """The region that the environment names."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def is_secure(address: BrokerAddress) -> bool:
    """Whether it is spoken to with TLS: always but on loopback and at an http:// endpoint."""
    endpoint = urlsplit(os.environ.get("AWS_ENDPOINT_URL", ""))
    plain = endpoint.scheme == "http" and endpoint.hostname == address.host
    return not (is_loopback(address.host) or plain)


def client_of(address: BrokerAddress) -> Any:
    """A client of boto3, whose every call ends in time; without a key, the machine's own role."""
    import boto3  # type: ignore[import-untyped]
    from botocore.config import Config  # type: ignore[import-untyped]

    session = boto3.Session(
        aws_access_key_id=address.user or None,
        aws_secret_access_key=address.password or None,
        region_name=region() or boto3.Session().region_name or "us-east-1",
    )
    place: dict[str, Any] = {}
    if address.host:
        host = f"[{address.host}]" if ":" in address.host else address.host
        scheme = "https" if is_secure(address) else "http"
        place["endpoint_url"] = f"{scheme}://{host}" + (f":{address.port}" if address.port else "")
    return session.client("sqs", config=Config(**LIMITS), **place)


def url_of(client: Any, queue: str) -> str:
    """Where the queue stands; it is made where it does not."""
    try:
        return str(client.get_queue_url(QueueName=queue)["QueueUrl"])
    except client.exceptions.QueueDoesNotExist:
        limits = {"VisibilityTimeout": str(HIDDEN_S), "MessageRetentionPeriod": str(KEPT_S)}
        return str(client.create_queue(QueueName=queue, Attributes=limits)["QueueUrl"])
