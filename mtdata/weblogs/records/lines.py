"""The lines of a site in the database of the records: PostgreSQL, MariaDB or SQLite.

Who commits locks the row of the site first, so one at a time does, of however many machines: all
that holds of a file with one writer holds here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.utils import IntegrityError

from mtdata.core.cells import Cells
from mtdata.core.errors import RecordsError
from mtdata.core.refusals import FOREIGN
from mtdata.jobs.records.asking import TRIES, asking, locked_transaction, rest, where
from mtdata.jobs.records.faults import is_undone
from mtdata.weblogs.ledger.port import Made
from mtdata.weblogs.ledger.schema import MEANT, TABLES
from mtdata.weblogs.records.models import LedgerRow, LogRow, MoveRow

_TABLES = ("logs", "batches", "shares", "days")
_RESERVED = ("key", "lines")
"""Columns whose names MySQL keeps for itself."""
_IN_ORDER = "CROSS JOIN"
"""What tells SQLite alone where to begin with a join; others find that out."""
_WORDS = re.compile(rf"\b({'|'.join((*_TABLES, *_RESERVED, _IN_ORDER))})\b|\?")


@lru_cache(maxsize=256)
def _spelled(sql: str, vendor: str) -> str:
    """A statement of the ledger as this database reads it."""

    def spell(found: re.Match[str]) -> str:
        word = found[0]
        if word == "?":
            return "%s"
        if word == _IN_ORDER:
            return "JOIN"
        if word in _TABLES:
            return f"weblogs_{word}"
        return f"`{word}`" if vendor == "mysql" else word

    return _WORDS.sub(spell, sql)


class LineTables:
    """Port LineDatabase; the records are open, and the connection is this thread's."""

    def __init__(self, site: str) -> None:
        """RecordsError where the tables cannot be asked."""
        self.site = site
        self._cells = Cells(TABLES, MEANT)
        lock = "SELECT site FROM weblogs_ledgers WHERE site = %s"
        self._lock = lock if connection.vendor == "sqlite" else f"{lock} FOR UPDATE"
        self._enter()

    def _enter(self) -> None:
        """Make the row that is locked, once; another may do it this very moment."""
        with asking():
            if not LedgerRow.objects.filter(site=self.site).exists():
                LedgerRow.objects.bulk_create([LedgerRow(site=self.site)], ignore_conflicts=True)

    def commit(self) -> AbstractContextManager[None]:
        """Port: LineDatabase.commit; within a fence's transaction it is a part of that."""
        return locked_transaction(self._take_lock)

    def _take_lock(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(self._lock, [self.site])
            if cursor.fetchone() is None:
                raise RecordsError(f"{where()}: the ledger of {self.site} is gone; nothing is sent")

    def check_here(self) -> None:
        """Port: LineDatabase.check_here; from here nothing is moved away."""

    def whole(self, move: Callable[[], Made]) -> Made:
        """Port: LineDatabase.whole."""
        for turn in range(1, TRIES):
            try:
                return move()
            except RecordsError as error:
                if connection.in_atomic_block or not is_undone(error):
                    raise
                rest(turn)
        return move()

    @contextmanager
    def _cursor(self, sql: str, values: Sequence[Any] | None = None) -> Iterator[Any]:
        try:
            with asking(), connection.cursor() as cursor:
                if values is not None:
                    cursor.execute(_spelled(sql, connection.vendor), [*map(_driver_value, values)])
                yield cursor
        except IntegrityError as error:
            told = "the ledger of web logs has such a row already; nothing was changed"
            raise RecordsError(f"{where()}: {told}") from error

    def run(self, sql: str, *values: Any) -> int:
        """Port: LineDatabase.run."""
        with self._cursor(sql, values) as cursor:
            return int(cursor.rowcount)

    def run_many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Port: LineDatabase.run_many."""
        given = [[*map(_driver_value, row)] for row in rows]
        with self._cursor(sql) as cursor:
            cursor.executemany(_spelled(sql, connection.vendor), given)

    def insert(self, sql: str, *values: Any) -> int:
        """Port: LineDatabase.insert."""
        returns = connection.vendor == "postgresql"
        with self._cursor(f"{sql} RETURNING number" if returns else sql, values) as cursor:
            return int(cursor.fetchone()[0] if returns else cursor.lastrowid)

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Port: LineDatabase.all."""
        with self._cursor(sql, values) as cursor:
            names = [column[0] for column in cursor.description]
            rows = [tuple(map(_cell, row)) for row in cursor.fetchall()]
        try:
            self._cells.check(names, rows)
        except FOREIGN as error:
            told = "the ledger of web logs holds what this program never writes there"
            raise RecordsError(f"{where()}: {told} ({type(error).__name__})") from None
        return rows

    def row(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        """Port: LineDatabase.row."""
        rows = self.all(sql, *values)
        return rows[0] if rows else None

    def note_move(self, token: str, at: datetime) -> None:
        """The lines of the file with that token are here now; within a commit."""
        with self._cursor(""):
            MoveRow.objects.create(token=token, site=self.site, at=at)

    def close(self) -> None:
        """Port: LineDatabase.close; the connection stays for whoever asks the records next."""


def has_moved(token: str) -> bool:
    """Whether the lines of the file with that token are in the records."""
    with asking():
        return MoveRow.objects.filter(token=token).exists()


def has_ledger(site: str) -> bool:
    """Whether lines of that site are in the records."""
    with asking():
        return LogRow.objects.filter(site=site).exists()


def _driver_value(value: Any) -> Any:
    """A value as drivers take it: they make of a word of ours its name, or refuse it."""
    return value.value if isinstance(value, Enum) else value


def _cell(value: Any) -> Any:
    """A cell as SQLite has it: sums are whole numbers, and bytes are bytes."""
    if isinstance(value, Decimal):
        return int(value)
    return bytes(value) if isinstance(value, memoryview) else value
