"""What we use of urllib3 that it does not promise, all of it here; it asks for nothing.

`tests/unit/test_libraries.py` says when urllib3 has changed.
"""

from __future__ import annotations

from email.message import Message
from types import SimpleNamespace
from typing import Any


def lend(pool: Any) -> Any:
    """A connection of the pool, which whoever has it gives back; it may not be connected yet."""
    return pool._get_conn()


def give_back(pool: Any, connection: Any) -> None:
    """Leave a connection to others; nothing may be outstanding on it."""
    pool._put_conn(connection)


def answer_of(headers: Message) -> Any:
    """What `requests` takes for an answer when it looks for cookies."""
    return SimpleNamespace(_original_response=SimpleNamespace(msg=headers))
