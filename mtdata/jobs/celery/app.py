"""What Celery and kombu are told of the broker; loaded only where somebody rings or is rung."""

from __future__ import annotations

import ssl
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mtdata.config.broker import BrokerAddress
from mtdata.core.errors import ConfigError
from mtdata.core.installing import install
from mtdata.core.trust import why_unusable
from mtdata.jobs.celery import sqs

if TYPE_CHECKING:
    from celery import Celery

TASK = "mtdata.ring"
CONNECT_S, ANSWER_S = 2.0, 30.0
WAITING, KEPT_S = 1000, 3600
"""So many rings wait in a queue, and so long."""
_WAYS = {
    "broker_connection_timeout": CONNECT_S,
    "broker_connection_retry": False,  # the listener begins again by itself, with pauses that grow
    "broker_connection_retry_on_startup": False,
    "broker_pool_limit": 0,
    "task_create_missing_queues": False,
    "task_default_delivery_mode": "transient",  # a ring that is lost is made up for by looking
    "task_serializer": "json",
    "accept_content": ["json"],
    "result_backend": None,
    "task_ignore_result": True,
    "enable_utc": True,
}


def new_app(address: BrokerAddress) -> Celery:
    """A Celery app; it connects to nothing.

    ConfigError without Celery, and where BROKER_CA is no certificate.
    """
    need_celery(address)
    from celery import Celery
    from kombu import Exchange, Queue

    queue = Queue(
        address.queue,
        Exchange(""),
        routing_key=address.queue,
        durable=True,
        queue_arguments=_arguments(address),
    )
    app = Celery("mtdata", set_as_current=False)
    app.conf.update(
        _WAYS,
        broker_url=_url(address),
        broker_use_ssl=_tls(address),
        broker_transport_options=_limits(address),
        task_queues=[queue],
        task_default_queue=address.queue,
    )
    return app


def need_celery(address: BrokerAddress) -> None:
    """ConfigError where Celery is not installed; it is not loaded by that."""
    if find_spec("celery") is None:
        extra = "sqs" if address.kind == "sqs" else "celery"
        raise ConfigError(
            f"programme.config: ENGINE: Celery is not installed; `{install(extra)}` brings it"
        )


def listening_connection(address: BrokerAddress) -> Any:
    """A connection to RabbitMQ as kombu would make it, by py-amqp alone; it is not there yet.

    A runner that waits needs neither Celery nor kombu in memory.  ConfigError where BROKER_CA is no
    certificate.
    """
    from amqp import Connection

    # the account and the port that kombu takes where a URL names none
    place = (
        address.host or "127.0.0.1",
        address.port or (5671 if address.kind == "amqps" else 5672),
    )
    return Connection(
        "[{}]:{}".format(*place) if ":" in place[0] else "{}:{}".format(*place),
        userid=address.user or "guest",
        password=address.password or "guest",
        login_method="PLAIN",
        virtual_host=address.vhost,
        ssl=_tls(address),
        connect_timeout=CONNECT_S,
        **_limits(address),
    )


def declare(address: BrokerAddress, channel: Any) -> None:
    """Make the queue of the rings where it does not stand, as Celery's own is described."""
    channel.queue_declare(
        address.queue, durable=True, auto_delete=False, arguments=_arguments(address)
    )


app_of = lru_cache(maxsize=4)(new_app)
"""The one Celery app by which a broker is rung; its errors are those of `new_app`."""


def _arguments(address: BrokerAddress) -> dict[str, Any]:
    """What RabbitMQ is told of the queue; one that stands with others is refused (406)."""
    limits = {"x-max-length": WAITING, "x-message-ttl": KEPT_S * 1000}
    # a classic one is declared as it always was, without its sort
    return {**limits, "x-queue-type": "quorum"} if address.sort == "quorum" else limits


def _url(address: BrokerAddress) -> str:
    user, password, vhost = (
        quote(word, safe="") for word in (address.user, address.password, address.vhost)
    )
    host = f"[{address.host}]" if ":" in address.host else address.host
    place = f"{host}:{address.port}" if address.port else host
    path = "" if address.kind == "sqs" else f"/{vhost}"
    return f"{address.kind}://{user}:{password}@{place}{path}"


def _tls(address: BrokerAddress) -> Any:
    if address.kind != "amqps":
        return False
    tls: dict[str, Any] = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": address.host}
    if address.ca:
        if why := why_unusable(address.ca):
            raise ConfigError(f"programme.config: BROKER_CA: the file that it names {why}")
        tls["ca_certs"] = address.ca
    return tls


def _limits(address: BrokerAddress) -> dict[str, Any]:
    """Every option by which a broken queue or network ends in time."""
    if address.kind != "sqs":
        # a quorum queue without a leader answers nothing; who waits for a ring asks again and again
        return {"read_timeout": ANSWER_S, "write_timeout": ANSWER_S}
    region, is_secure = sqs.region(), sqs.is_secure(address)
    return {"region": region, "is_secure": is_secure, "client-config": sqs.LIMITS}
