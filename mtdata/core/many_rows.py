"""Many rows by one statement: SQLite opens a table and its indexes once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from mtdata.core.sqlite import LedgerDatabase

GROUP = 128
"""Rows of one statement: more gain nothing.  What is left over goes one by one, so that not every
number of rows has a statement of its own, which SQLite would keep in memory."""


def run_values(
    database: LedgerDatabase, before: str, rows: Sequence[tuple[Any, ...]], after: str = ""
) -> None:
    """Execute `{before} VALUES (?, …), (?, …) … {after}` for rows of one length, in their order.

    `INSERT INTO t (a, b)` is such a beginning; so is `UPDATE t SET … FROM (`, with an end that says
    which row of t each is for, none of them twice.  Nothing is executed without rows.
    """
    whole = len(rows) - len(rows) % GROUP
    if whole:
        groups = (rows[place : place + GROUP] for place in range(0, whole, GROUP))
        many = _statement(before, len(rows[0]), GROUP, after)
        database.run_many(many, map(_joined, groups))
    if rest := rows[whole:]:
        database.run_many(_statement(before, len(rest[0]), 1, after), rest)


def _joined(rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(rows))


@lru_cache(maxsize=64)
def _statement(before: str, width: int, count: int, after: str) -> str:
    row = f"({', '.join('?' * width)})"
    return f"{before} VALUES {', '.join([row] * count)} {after}"
