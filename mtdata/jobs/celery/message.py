"""What a broker hands over, read as foreign input: a ring of ours, or why it is none; it acts on
nothing.

Whoever may write to the queue can send what they like.  A ring is a call of Celery's that names one
job and asks for nothing else: no time, no limit, no further call before, beside or behind it.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from mtdata.jobs.celery.app import TASK

MOST_BYTES = 16 * 1024
"""A ring of ours has 200 bytes, and 1200 with all that SQS needs around it."""
MOST_HOPS = 1000
STRANGE = "it is no ring of ours"
ORDERS = "eta expires group timelimit".split()
"""Headers by which Celery would wait, give up, count or end what it runs."""

UNREADABLE = (ValueError, TypeError, RecursionError)
"""What a parser of JSON or base64 makes of nonsense."""
_from_base64: Callable[[Any], bytes] = partial(b64decode, validate=True)


class Ring(NamedTuple):
    """Look now: for that job, which came by so many busy runners."""

    job: str
    hops: int


def ring_in_amqp(properties: dict[str, Any], body: Any) -> Ring | str:
    """The ring in a message of AMQP, or why there is none."""
    coded = properties.get("content_type"), properties.get("content_encoding")
    return _ring(properties.get("application_headers"), coded, body)


def ring_in_sqs(body: Any) -> Ring | str:
    """The ring in a message of SQS (an envelope of JSON, maybe in base64), or why there is none."""
    if not isinstance(body, str) or len(body) > MOST_BYTES:
        return "it is too long"
    try:
        envelope = json.loads(body if body.lstrip().startswith("{") else _from_base64(body))
        if not isinstance(envelope, dict):
            return STRANGE
        properties, inner = envelope.get("properties"), envelope.get("body")
        if isinstance(properties, dict) and properties.get("body_encoding") == "base64":
            inner = _from_base64(inner)
    except UNREADABLE:
        return "it cannot be read"
    coded = envelope.get("content-type"), envelope.get("content-encoding")
    return _ring(envelope.get("headers"), coded, inner)


def _ring(headers: Any, coded: tuple[Any, Any], body: Any) -> Ring | str:
    if not isinstance(headers, dict) or headers.get("task") != TASK:
        return STRANGE
    if coded != ("application/json", "utf-8"):
        return "it is in another format than a ring"
    if any(headers.get(name) not in (None, [None, None]) for name in ORDERS):
        return "it asks for more than a ring does"
    if not isinstance(body, str | bytes | memoryview) or len(body) > MOST_BYTES:
        return "it is too long"
    try:
        return _from_call(json.loads(bytes(body) if isinstance(body, memoryview) else body))
    except UNREADABLE:
        return "it cannot be read"


def _from_call(call: Any) -> Ring | str:
    match call:
        case [[str(job), int(hops)], {} as more, dict(further)] if not more:
            if any(further.values()):
                return "it asks for more than a ring does"
            if not isinstance(hops, bool) and 0 <= hops <= MOST_HOPS:
                return Ring(str(UUID(job)), hops)
    return STRANGE
