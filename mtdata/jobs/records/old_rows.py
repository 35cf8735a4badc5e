"""Rows of one table that are over at a time of their own, counted and forgotten piece by piece.

Tables of the page are among them, whose models only a process of the page can load: so a table is
asked by its name.  One that is not there has no rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from mtdata.core.clock import SystemClock
from mtdata.core.keeping import Amount
from mtdata.jobs.records.asking import asking, made_whole, now
from mtdata.jobs.records.models import Event
from mtdata.jobs.states import FINAL

PIECE = 500
"""Rows that are removed in one commit."""


class OldRows(NamedTuple):
    """Which rows of a table grow old: by the moment in column `at`, and `also` where more is asked.

    All of it are names of our own, never words from outside.
    """

    table: str
    key: str
    at: str
    also: str = ""


def amount_of(rows: OldRows) -> Amount:
    """How many rows there are, and the earliest moment of them.  RecordsError."""
    with asking(), connection.cursor() as cursor:
        if not _is_there(rows):
            return Amount(0)
        where = f" WHERE {rows.also}" if rows.also else ""
        at, table = _named(rows.at), _named(rows.table)
        cursor.execute(f"SELECT COUNT(*), MIN({at}) FROM {table}{where}")  # noqa: S608 - see OldRows
        count, first = cursor.fetchone()
        since = _moment(first)
        return Amount(int(count), since if since and since <= now() else None)


def forget_rows(rows: OldRows, keep_s: float) -> Iterator[int]:
    """Forget rows whose moment is so long ago, PIECE in a commit; how many each time.

    RecordsError: what was forgotten before stays forgotten.
    """
    with asking():
        is_there, before = _is_there(rows), past_moment(keep_s)
    count = PIECE if is_there else 0
    while count == PIECE:
        count = _forget_piece(rows, before)
        yield count


def past_moment(seconds: float) -> datetime:
    """So long ago by the database's clock and by that of this machine.

    What is older by one of them alone is not old: one that stands ahead makes nothing old.
    """
    return min(now(), SystemClock().now()) - timedelta(seconds=seconds)


@made_whole()
def _forget_piece(rows: OldRows, before: datetime) -> int:
    key, table, also = _named(rows.key), _named(rows.table), f" AND {rows.also}" * bool(rows.also)
    moment = connection.ops.adapt_datetimefield_value(before)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key} FROM {table} WHERE {_named(rows.at)} < %s{also} LIMIT {PIECE}",  # noqa: S608
            [moment],
        )
        old = [row[0] for row in cursor.fetchall()]
        if old:
            marks = ", ".join(["%s"] * len(old))
            cursor.execute(f"DELETE FROM {table} WHERE {key} IN ({marks})", old)  # noqa: S608
    return len(old)


def _is_there(rows: OldRows) -> bool:
    return rows.table in connection.introspection.table_names()


def _named(word: str) -> str:
    return str(connection.ops.quote_name(word))


def _moment(cell: Any) -> datetime | None:
    """A cell of a moment, which SQLite gives as a text, and others without a zone."""
    if cell is None:
        return None
    found = datetime.fromisoformat(cell) if isinstance(cell, str) else cell
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def forget_events(keep_s: float) -> Iterator[int]:
    """Forget what happened so long ago to jobs that ended so long ago; the jobs themselves stay.

    They are looked at in the order in which they were entered, up to the first that are young.
    """
    with asking():
        before = past_moment(keep_s)
    behind = 0
    while True:
        with asking():
            found = Event.objects.filter(pk__gt=behind).order_by("pk")
            rows = list(found.values_list("pk", "at", "job__ended_at", "job__status")[:PIECE])
        if not rows or all(at >= before for _, at, _, _ in rows):
            return
        old = [
            key
            for key, at, ended_at, status in rows
            if at < before and status in FINAL and ended_at and ended_at < before
        ]
        yield _forget_events(old)
        behind = rows[-1][0]


@made_whole()
def _forget_events(keys: Collection[int]) -> int:
    return Event.objects.filter(pk__in=keys).delete()[0] if keys else 0
