"""Form responses in the order of their times, a page at a time, as they stand at one moment.

All pages are read in one transaction that shows the table as it was when that began, whoever writes
meanwhile: a file never has half of an import.  Each page begins behind the last row of the one
before, which every database does by the index, and none keeps an answer open.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from mtdata.jobs.records.asking import asking
from mtdata.programme.export.formats import FormRow
from mtdata.programme.forms import FIELDS
from mtdata.programme.records.models import FormResponse

PAGE = 5000
"""Rows that are in memory at a time."""
_BEGIN = {
    "sqlite": ("BEGIN",),  # not IMMEDIATE, as commits have it: who writes is not waited for
    "postgresql": ("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",),
    "mysql": (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
}


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


def pages(span: MomentSpan) -> Iterator[list[FormRow]]:
    """Its rows in their order; within `snapshot`."""
    rows = span.rows.order_by("timestamp", "pk").values_list(*FIELDS, "pk")
    behind = Q()
    while page := list(rows.filter(behind)[:PAGE]):
        yield page
        at, key = page[-1][0], page[-1][-1]
        behind = Q(timestamp__gte=at) & (Q(timestamp__gt=at) | Q(pk__gt=key))
