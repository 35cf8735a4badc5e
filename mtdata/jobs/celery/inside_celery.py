"""What we use of Celery, kombu and py-amqp below what they promise, all of it; it asks nobody.

`tests/unit/test_libraries.py` says when one of them has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def drop(connection: Any) -> None:
    """Let a connection go without a good-bye, which could wait long or read nonsense."""
    connection.collect()


def hear_alarm(connection: Any, act: Callable[[str], object]) -> None:
    """Have `act` called with the reason when RabbitMQ blocks that connection of kombu's."""
    connection.connection.on_blocked = act


def producer_of(app: Any, connection: Any) -> Any:
    """What sends over that connection and no other."""
    return app.amqp.Producer(connection)


def is_sqs(connection: Any) -> bool:
    """Whether it leads to SQS."""
    return bool(connection.transport.driver_type == "sqs")
