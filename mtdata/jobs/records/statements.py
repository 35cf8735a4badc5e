"""Plain statements to the records, for what is asked at each job; it knows no table.

To put one together takes Django longer than the answer does.  What is given goes by name and as the
database has it, ids and moments among them; who may want the connection closed says `asking`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model, UUIDField

Row = tuple[Any, ...]
_ID: UUIDField[Any, Any] = UUIDField()


def selected(words: str, **given: Any) -> list[Row]:
    """The rows that the statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(words, _adapted(given))
        return list(cursor.fetchall())


def changed(words: str, **given: Any) -> int:
    """How many rows the statement has changed."""
    with connection.cursor() as cursor:
        cursor.execute(words, _adapted(given))
        return int(cursor.rowcount)


def list_places(name: str, values: Collection[Any]) -> str:
    """The places of a list within a statement, which gives them by `listed`; NULL for none."""
    return ", ".join(f"%({name}_{number})s" for number in range(len(values))) or "NULL"


def listed(name: str, values: Collection[Any]) -> dict[str, Any]:
    """What goes to these places."""
    return {f"{name}_{number}": value for number, value in enumerate(values)}


def quoted(column: str) -> str:
    """A column whose name is a word of SQL as well."""
    return connection.ops.quote_name(column)


def unindexed_text(column: str) -> str:
    """A column of texts by which SQLite takes no index (see `asking.unindexed`)."""
    return f"COALESCE({column}, '')" if connection.vendor == "sqlite" else column


def columns_of(model: type[Model]) -> str:
    """All columns of a table: those that this program knows."""
    return _joined(tuple(field.column for field in model._meta.concrete_fields), connection.vendor)


@cache
def _joined(columns: tuple[str, ...], vendor: str) -> str:
    """Put together once: it differs by the sort of database alone."""
    return ", ".join(map(quoted, columns))


def id_of(found: Any) -> UUID:
    """An id as the program has it."""
    return found if isinstance(found, UUID) else UUID(str(found))


def _adapted(given: dict[str, Any]) -> dict[str, Any]:
    return {name: stored_form(value) for name, value in given.items()}


def stored_form(value: Any) -> Any:
    """An id, a moment or a word as the database has it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID):
        return _ID.get_db_prep_value(value, connection)
    return value.value if isinstance(value, Enum) else value
