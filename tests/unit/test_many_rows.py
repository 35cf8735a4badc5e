"""Many rows by one statement: each comes in once, in its order, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest

from mtdata.core.cells import Cells
from mtdata.core.many_rows import GROUP, run_values
from mtdata.core.sqlite import LedgerDatabase, Schema

TABLE = "CREATE TABLE lines (number INTEGER PRIMARY KEY, words TEXT);"
COUNTS = (0, 1, GROUP - 1, GROUP, GROUP + 1, 3 * GROUP + 5)


class Heard(LedgerDatabase):
    """A database in memory that tells which statements it was given."""

    def __init__(self) -> None:
        super().__init__(None, Schema(1, TABLE, {}, Cells(TABLE, {})))
        self.statements: list[str] = []

    def run_many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self.statements.append(sql)
        super().run_many(sql, rows)


@pytest.fixture
def db() -> Iterator[Heard]:
    with closing(Heard()) as database:
        yield database


@pytest.mark.parametrize("count", COUNTS)
def test_each_row_comes_in_once(db: Heard, count: int) -> None:
    rows = [(number, f"row {number}") for number in range(count)]
    run_values(db, "INSERT INTO lines (number, words)", rows)
    assert db.all("SELECT number, words FROM lines ORDER BY number") == rows


@pytest.mark.parametrize("count", COUNTS)
def test_each_row_is_changed_as_its_own_values_say(db: Heard, count: int) -> None:
    run_values(db, "INSERT INTO lines (number)", [(number,) for number in range(count + 1)])
    changes = [(f"row {number}", number) for number in reversed(range(count))]
    run_values(
        db, "UPDATE lines SET words = v.column1 FROM (", changes, ") v WHERE number = v.column2"
    )
    told = [(number, f"row {number}") for number in range(count)]
    assert db.all("SELECT number, words FROM lines ORDER BY number") == [*told, (count, None)]


def test_of_two_rows_of_one_key_the_later_one_counts(db: Heard) -> None:
    rows = [(number % 7, f"row {number}") for number in range(GROUP + 40)]
    known = "ON CONFLICT (number) DO UPDATE SET words = excluded.words"
    run_values(db, "INSERT INTO lines (number, words)", rows, known)
    assert dict(db.all("SELECT number, words FROM lines")) == dict(rows)


def test_whatever_the_numbers_of_rows_two_statements_are_kept_prepared(db: Heard) -> None:
    for count in COUNTS:
        rows = [(None, "words")] * count
        run_values(db, "INSERT INTO lines (number, words)", rows)
    assert len(set(db.statements)) == 2
