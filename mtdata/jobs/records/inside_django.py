"""What we use of Django that it does not promise, all of it here; it decides nothing.

`tests/unit/test_libraries.py` says when Django has changed.  `_meta` of a model is promised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import QuerySet

from mtdata.core.remembered import stamp_of
from mtdata.jobs.records.asking import asking

Stamp = tuple[object, int, int]


def delete_alone(rows: QuerySet[Any]) -> None:
    """Delete rows on which nothing hangs any more, by one statement; none is read for that."""
    rows._raw_delete(rows.db)


def drop_connection() -> None:
    """Close this thread's connection, and keep nothing of it: a next one begins as the first."""
    connections.close_all()
    if hasattr(connections._connections, DEFAULT_DB_ALIAS):
        del connections[DEFAULT_DB_ALIAS]


def take_session() -> Any:
    """Take the driver's session from this thread's connection, which is without one then.

    None where it has none, or is in the middle of a commit.
    """
    wrapper = getattr(connections._connections, DEFAULT_DB_ALIAS, None)
    if wrapper is None or wrapper.in_atomic_block:
        return None
    session, wrapper.connection = wrapper.connection, None
    return session


def give_session(session: Any, is_usable: Callable[[], bool]) -> None:
    """Have this thread's next connection begin on that session, if it can be used by then."""
    wrapper: Any = connections[DEFAULT_DB_ALIAS]

    def once(how: dict[str, Any]) -> Any:
        del wrapper.get_new_connection
        return session if is_usable() else wrapper.get_new_connection(how)

    wrapper.get_new_connection = once


def describe_databases(described: dict[str, dict[str, Any]]) -> None:
    """Have connections go to these databases from now on."""
    connections.settings = connections.configure_settings(described)


def sqlite_stamp() -> Stamp | None:
    """Another one once anybody has committed, or this thread has another session; RecordsError.

    None where the database is not SQLite, which alone tells it.
    """
    if connection.vendor != "sqlite":
        return None
    with asking(), connection.wrap_database_errors:
        connection.ensure_connection()
        return connection.connection, *stamp_of(connection.connection)
