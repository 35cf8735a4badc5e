"""From the URL of a broker to the value that is used; no reason of a refusal quotes the URL."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from mtdata.config.broker_address import QUEUE, BrokerAddress

_PORTS = {"amqp": 5672, "amqps": 5671}
HOST = r"(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?"
"""A name that can be asked for; a longer or empty part of it could not."""
_PLACE = re.compile(rf"({HOST}|\[[0-9a-fA-F:]+\])(?::([0-9]{{1,5}}))?(?:/(.*))?", re.DOTALL)
_QUEUE = re.compile(r"queue=([A-Za-z0-9_-]{1,64})")
ALLOWED = "amqp://USER:PASS@HOST:PORT/VHOST, amqps://… alike or sqs://KEY:SECRET@, or nothing"


def broker_of(value: Any) -> BrokerAddress | None:
    """A broker from its URL, None from nothing; `?queue=NAME` keeps two installations apart."""
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
