"""Form responses in the order of their times, a page at a time, as they stand at one moment.

All pages are read in one transaction that shows the table as it was when that began, whoever writes
meanwhile: a file never has half of an import.  Each page begins behind the last row of the one
before, which every database does by the index, and none keeps an answer open.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Func, Q, TextField

from mtdata.jobs.records.asking import asking
from mtdata.programme.export.formats import FormRow
from mtdata.programme.forms import FIELDS
from mtdata.programme.moments import moment_of
from mtdata.programme.records.models import FormResponse

PAGE, PAGES_COPIED = 5000, 10
"""Rows that are in memory at a time, and pages that PostgreSQL is asked for at a time."""
_BEGIN = {
    "sqlite": ("BEGIN",),  # not IMMEDIATE, as commits have it: who writes is not waited for
    "postgresql": (
        "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET LOCAL datestyle TO 'ISO'",  # of times as texts
    ),
    "mysql": (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
}


_TEXTS = {
    "sqlite": ("CAST(%(expressions)s AS TEXT)", "printf('%%%%.6f', %(expressions)s)"),
    "postgresql": ("(%(expressions)s AT TIME ZONE 'UTC')::text", "%(expressions)s::text"),
    "mysql": ("CAST(%(expressions)s AS CHAR)", "CAST(%(expressions)s AS CHAR)"),
}
"""Of a time in UTC, and of degrees with six digits; SQLite keeps no decimals."""
_FLAG = "CASE WHEN %(expressions)s THEN 'True' ELSE 'False' END"
_NO_NULL = "no column is NULL"
"""What stands for it: text alike would be quoted, as "" is by PostgreSQL's own choice."""


class MomentSpan(NamedTuple):
    """From when to when, both included; None for no end."""

    first: datetime | None
    last: datetime | None

    @property
    def rows(self) -> Any:
        """The rows in it, as a query."""
        bounds = {"timestamp__gte": self.first, "timestamp__lte": self.last}
        wanted = {name: at for name, at in bounds.items() if at is not None}
        return FormResponse.objects.filter(**wanted)


@contextmanager
def snapshot() -> Iterator[None]:
    """All that is read in here is of one moment.  RecordsError where it is not to be had."""
    with asking():
        try:
            _execute(*_BEGIN[connection.vendor])
            yield
            _execute("COMMIT")
        except BaseException:
            connection.close()  # and with it the transaction
            raise


def _execute(*commands: str) -> None:
    with connection.cursor() as cursor:
        for command in commands:
            cursor.execute(command)


def pages(span: MomentSpan, *, as_text: bool = False) -> Iterator[list[FormRow]]:
    """Its rows in their order; within `snapshot`.

    `as_text`: times as `2020-05-15 12:30:00.5`, in UTC, and degrees as texts of six digits.
    """
    texts = _texts() if as_text else {}
    names = [f"{name}_text" if f"{name}_text" in texts else name for name in FIELDS]
    rows = span.rows.annotate(**texts).order_by("timestamp", "pk").values_list(*names, "pk")
    behind = Q()
    while page := list(rows.filter(behind)[:PAGE].iterator(PAGE)):
        yield page
        at, key = page[-1][0], page[-1][-1]
        behind = _behind(moment_of(at) if as_text else at, key)


def _behind(at: datetime, key: int) -> Q:
    return Q(timestamp__gte=at) & (Q(timestamp__gt=at) | Q(pk__gt=key))


def _texts() -> dict[str, Any]:
    """Values as the database itself writes them, of which its driver makes no object first."""
    moment, degrees = _TEXTS[connection.vendor]
    found = {"timestamp": moment, "record_latitude": degrees, "record_longitude": degrees}
    return {f"{name}_text": _written(name, template) for name, template in found.items()}


def _written(name: str, template: str) -> Any:
    return Func(name, template=template, output_field=TextField())


# --- PostgreSQL alone


def can_copy() -> bool:
    """Whether the database writes CSV itself."""
    return bool(connection.vendor == "postgresql")


def copied(span: MomentSpan) -> Iterator[list[bytes]]:
    """Its rows in their order, each as its number and a line of CSV with a time in UTC.

    Within `snapshot`, where `can_copy`.  A line ends by LF.
    """
    flags = {f"{name}_text": _written(name, _FLAG) for name in ("reading_books", "listening_music")}
    texts = {**_texts(), **flags}
    names = [f"{name}_text" if f"{name}_text" in texts else name for name in FIELDS]
    rows = span.rows.annotate(**texts).order_by("timestamp", "pk").values_list("pk", *names)
    size = count = PAGE * PAGES_COPIED
    behind = Q()
    while count == size:
        count = 0
        for lines in _copied(rows.filter(behind)[:size]):
            yield lines
            count += len(lines)
            key, at, _ = lines[-1].split(b",", 2)
        if count == size:
            behind = _behind(moment_of(at.decode()), int(key))


def _copied(rows: Any) -> Iterator[list[bytes]]:
    words, values = rows.query.sql_with_params()
    command = f"COPY ({words}) TO STDOUT (FORMAT csv, NULL '{_NO_NULL}')"
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(command, values) as copy,
    ):
        pieces = iter(copy)  # of which each is a row
        while lines := [bytes(piece) for piece in islice(pieces, PAGE)]:
            yield lines
