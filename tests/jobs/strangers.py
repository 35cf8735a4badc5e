"""Messages that no doorbell sends, as somebody forges them who may write to the queue; no test."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any, NamedTuple
from uuid import uuid4

import amqp

TASK = "mtdata.ring"
JSON = ("application/json", "utf-8")


class Forged(NamedTuple):
    """A message of Celery's in which something is other than in a ring."""

    headers: Any
    body: bytes
    coded: tuple[Any, Any] = JSON

    def for_rabbitmq(self) -> amqp.Message:
        """As RabbitMQ hands it over."""
        return amqp.Message(
            self.body,
            content_type=self.coded[0],
            content_encoding=self.coded[1],
            application_headers=self.headers,
        )

    def for_sqs(self) -> str:
        """As kombu puts it into SQS."""
        envelope = {
            "body": b64encode(self.body).decode(),
            "headers": self.headers,
            "content-type": self.coded[0],
            "content-encoding": self.coded[1],
            "properties": {
                "body_encoding": "base64",
                "delivery_tag": str(uuid4()),
                "delivery_info": {"exchange": "", "routing_key": "mtdata"},
            },
        }
        return b64encode(json.dumps(envelope).encode()).decode()


def _headers(**changed: Any) -> dict[str, Any]:
    known = {"lang": "py", "task": TASK, "id": str(uuid4()), "root_id": str(uuid4())}
    plain = {"eta": None, "expires": None, "group": None, "timelimit": [None, None]}
    return {**known, **plain, "retries": 0, "argsrepr": "", **changed}


def _body(args: Any = None, more: Any = None, **further: Any) -> bytes:
    plain = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    words = [str(uuid4()), 0] if args is None else args
    return json.dumps([words, more or {}, {**plain, **further}]).encode()


def _call(**options: Any) -> dict[str, Any]:
    """A further call, of the one task that would do something here."""
    named = {"task": TASK, "args": [str(uuid4()), 0], "kwargs": {}, "options": options}
    return {**named, "subtask_type": None, "immutable": True}


def forged() -> list[Forged]:
    """One of each kind."""
    odd_headers: list[dict[str, Any]] = [
        {"timelimit": "x"},
        {"timelimit": [5, "x"]},
        {"timelimit": {}},
        {"eta": "2999-01-01T00:00:00+00:00"},
        {"eta": "no time"},
        {"eta": []},
        {"expires": "2000-01-01T00:00:00+00:00"},
        {"expires": 5},
        {"group": "a group"},
        {"task": "os.system"},
        {"task": "celery.chain"},
        {"task": ["no", "name"]},
        {"task": 5},
    ]
    calls = [
        {"callbacks": [_call()]},
        {"errbacks": [_call()]},
        {"chain": [_call()]},
        {"chord": _call()},
        {"anything": True},
    ]
    bodies = [
        *(text.encode() for text in ("", "[]", "null", "5", '"x"', "{", "[[],{},{}]", "[" * 5000)),
        b"\xff\xfe",
        b"[" + b"9" * 5000 + b"]",
        b"[1e999, NaN, {}]",
        b"[" + b" " * 150_000 + b"]",
        *(_body(args) for args in (["no id", 0], [str(uuid4()), -1], [str(uuid4()), True])),
        *(_body(args) for args in ([str(uuid4())], [str(uuid4()), 0, 0], "text", [None, None])),
        _body([str(uuid4()), 10**9]),
        _body(more={"job_id": "x"}),
        _body(None, None)[:-1] + b", 4]",
    ]
    coded = [
        ("application/x-python-serialize", "binary"),
        ("application/x-yaml", "utf-8"),
        ("application/json", "utf-16"),
        ("application/json", "no-such-encoding"),
        ("", ""),
        (None, None),
    ]
    return [
        *(Forged(_headers(**changed), _body()) for changed in odd_headers),
        *(Forged(_headers(), _body(**more)) for more in calls),
        *(Forged(_headers(), body) for body in bodies),
        *(Forged(_headers(), _body(), how) for how in coded),
        Forged(_headers(compression="application/x-gzip"), b"no gzip"),
        Forged({}, json.dumps({"task": TASK, "id": str(uuid4()), "args": [1, 2]}).encode()),
        Forged({}, b"no message of ours"),
    ]


def only_at_sqs() -> list[str]:
    """What stands around a message there is text, and can be anything."""
    envelopes: list[Any] = [
        [],
        "text",
        5,
        None,
        {},
        {"body": 5, "headers": {"task": TASK}, "properties": []},
        {"body": "?", "headers": [], "properties": {"body_encoding": "base64"}},
        {"body": "e30=", "headers": {"task": TASK}, "properties": {"body_encoding": "no-such"}},
        {"body": "e30=", "headers": "text", "properties": {"delivery_info": 5}},
    ]
    plain = [json.dumps(envelope) for envelope in envelopes]
    coded = [b64encode(text.encode()).decode() for text in plain]
    return [*plain, *coded, "[" * 5000, "{" * 5000, "no base64", "x" * 200_000]


class Raw(amqp.Message):
    """A message whose properties are given byte by byte."""

    def __init__(self, properties: bytes) -> None:
        super().__init__(b"{}")
        self._raw = properties

    def _serialize_properties(self) -> bytes:
        return self._raw


def only_at_rabbitmq() -> list[Raw]:
    """What cannot even be taken: a time of no year, a table of tables, a name that is no text."""
    headers, content_type = b"\x20\x00", b"\x80\x00"
    time = b"\x01aT" + b"\x7f" * 8
    nested = b""
    for _ in range(1200):
        nested = b"\x01aF" + len(nested).to_bytes(4) + nested
    tables = [headers + len(table).to_bytes(4) + table for table in (time, nested)]
    return [Raw(one) for one in (*tables, content_type + b"\x02\xff\xfe")]
