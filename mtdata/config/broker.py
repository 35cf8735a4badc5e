"""Where the runners are rung, from its URL to one value; nothing here shows URL or password."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import unquote

QUEUE = "mtdata"
_PORTS = {"amqp": 5672, "amqps": 5671}
HOST = r"(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?"
"""A name that can be asked for; a longer or empty part of it could not."""
_PLACE = re.compile(rf"({HOST}|\[[0-9a-fA-F:]+\])(?::([0-9]{{1,5}}))?(?:/(.*))?", re.DOTALL)
_QUEUE = re.compile(r"queue=([A-Za-z0-9_-]{1,64})")
ALLOWED = "amqp://USER:PASS@HOST:PORT/VHOST, amqps://… alike or sqs://KEY:SECRET@, or nothing"


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


def broker_of(value: Any) -> BrokerAddress | None:
    """A broker from its URL, None from nothing; `?queue=NAME` keeps two installations apart.

    ValueError for a URL that is none of theirs.
    """
    if value is None or isinstance(value, BrokerAddress):
        return value
    if not isinstance(value, str):
        raise ValueError("it is no text")
    if not value:
        return None
    kind, found, rest = value.partition("://")
    if not found or kind not in ("amqp", "amqps", "sqs"):
        raise ValueError("it begins with none of amqp://, amqps:// and sqs://")
    account, _, place = rest.rpartition("@")
    user, _, password = (unquote(word) for word in account.partition(":"))
    place, asked, query = place.partition("?")
    queue = _QUEUE.fullmatch(query)
    if asked and not queue:
        raise ValueError("behind ? only queue=NAME may stand (letters, digits, - and _)")
    name = queue[1] if queue else QUEUE
    if kind == "sqs" and place in ("", "/"):
        return BrokerAddress("sqs", "", 0, user, password, queue=name)
    return _placed(kind, place, user, password, name)


def as_configured(broker: BrokerAddress, ca: str, sort: Any) -> BrokerAddress:
    """The broker with BROKER_CA and BROKER_QUEUE; ValueError for a CA that nobody would look at."""
    if ca and broker.kind != "amqps":
        raise ValueError("with BROKER_CA it must begin with amqps://, else nothing is encrypted")
    return replace(broker, ca=ca, sort=sort)


def _placed(kind: Any, place: str, user: str, password: str, queue: str) -> BrokerAddress:
    match = _PLACE.fullmatch(place)
    if not match or int(match[2] or 1) not in range(1, 65536):
        raise ValueError("behind user and password host:port must stand")
    if kind == "sqs" and match[3]:
        raise ValueError("an sqs:// URL ends with the port")
    port = int(match[2] or _PORTS.get(kind, 0))
    vhost = unquote(match[3] or "") or "/"
    return BrokerAddress(kind, match[1].strip("[]"), port, user, password, vhost, queue)
