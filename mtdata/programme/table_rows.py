"""Rows into a table by plain SQL, for a model takes five times as long; it makes no commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import CharField, TextField

Values = Sequence[Any]
Makers = tuple[Callable[[Any], Any] | None, ...]


def insert(table: Any, names: tuple[str, ...], rows: Sequence[Values], first: Values = ()) -> None:
    """Add rows with the values of these fields, of which `first` are the same in each."""
    if not rows:
        return
    same = _prepared(table, names[: len(first)], [first])[0]
    rows = [(*same, *row) for row in _prepared(table, names[len(first) :], rows)]
    into = _into(table, names, connection.vendor)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        if connection.vendor == "sqlite":  # where a statement costs nothing
            words = f"INSERT INTO {into} {_marks(len(names), 1)}".replace("%s", "?")
            connection.connection.executemany(words, rows)
        elif connection.vendor == "postgresql":  # which reads and plans a long statement slowly
            with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = _marks(len(names), len(rows))
            cursor.execute(f"INSERT INTO {into} {marks}", list(chain.from_iterable(rows)))


def update(table: Any, names: tuple[str, ...], rows: Sequence[Values]) -> None:
    """Give rows these values; the last of each is its number."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.executemany(_update(table, names), _prepared(table, (*names, "id"), rows))


@cache
def _into(table: Any, names: tuple[str, ...], vendor: str) -> str:
    columns = ", ".join(_quoted(table, name) for name in names)
    return f"{connection.ops.quote_name(table._meta.db_table)} ({columns})"


@cache
def _marks(width: int, count: int) -> str:
    marks = f"({', '.join(['%s'] * width)})"
    return f"VALUES {', '.join([marks] * count)}"


def _update(table: Any, names: tuple[str, ...]) -> str:
    columns = ", ".join(f"{_quoted(table, name)} = %s" for name in names)
    name = connection.ops.quote_name(table._meta.db_table)
    return f"UPDATE {name} SET {columns} WHERE {_quoted(table, 'id')} = %s"  # noqa: S608


def _quoted(table: Any, name: str) -> str:
    return str(connection.ops.quote_name(table._meta.get_field(name).column))


def _prepared(table: Any, names: tuple[str, ...], rows: Iterable[Values]) -> Sequence[Values]:
    """As this database takes them."""
    makers = _makers(table, names)
    if not any(makers):
        return list(rows)
    return [
        tuple(make(value) if make else value for make, value in zip(makers, row, strict=True))
        for row in rows
    ]


@cache
def _makers(table: Any, names: tuple[str, ...]) -> Makers:
    return tuple(_maker(table._meta.get_field(name)) for name in names)


def _maker(field: Any) -> Callable[[Any], Any] | None:
    """What makes of a value of the field what the database takes; a text is taken as it is."""
    if isinstance(field, CharField | TextField):
        return None
    return partial(field.get_db_prep_save, connection=connection)
