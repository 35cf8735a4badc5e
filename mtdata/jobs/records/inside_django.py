"""What we use of Django that it does not promise, all of it here; it decides nothing.

`tests/unit/test_libraries.py` says when Django has changed.  `_meta` of a model is promised.
"""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet


def delete_alone(rows: QuerySet[Any]) -> None:
    """Delete rows on which nothing hangs any more, by one statement; none is read for that."""
    rows._raw_delete(rows.db)


def drop_connection() -> None:
    """Close this thread's connection, and keep nothing of it: a next one begins as the first."""
    connections.close_all()
    if hasattr(connections._connections, DEFAULT_DB_ALIAS):
        del connections[DEFAULT_DB_ALIAS]


def describe_databases(described: dict[str, dict[str, Any]]) -> None:
    """Have connections go to these databases from now on."""
    connections.settings = connections.configure_settings(described)
