"""Where the runners are rung, as one value; it opens nothing and never shows the password."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

QUEUE = "mtdata"


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """A broker: RabbitMQ (amqp, amqps) or Amazon's SQS, where an empty host is Amazon's own.

    `ca` is a file of certificates for amqps, '' for the authorities of this machine; `sort` is what
    RabbitMQ makes of the queue.
    """

    kind: Literal["amqp", "amqps", "sqs"]
    host: str
    port: int = 0
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    vhost: str = "/"
    queue: str = QUEUE
    ca: str = field(default="", repr=False)
    sort: Literal["quorum", "classic"] = "quorum"

    def redacted(self) -> str:
        """How people see it: without user and password."""
        place = f"{self.host}:{self.port}" if self.port else self.host or "Amazon's"
        return f"{self.kind}://{place}, queue {self.queue}"
