"""Answers of a ledger that are remembered: never one that anybody has changed since."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from mtdata.core.cells import Cells
from mtdata.core.remembered import MOST
from mtdata.core.sqlite import LedgerDatabase, Schema

TABLE = "CREATE TABLE lines (number INTEGER PRIMARY KEY, words TEXT);"
SCHEMA = Schema(1, TABLE, {}, Cells(TABLE, {}))
ALL, ADD = "SELECT words FROM lines ORDER BY number", "INSERT INTO lines (words) VALUES (?)"


class Counting(LedgerDatabase):
    """Counts the answers that it asked the file for."""

    asked = 0

    def all(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        self.asked += 1
        return super().all(sql, *values)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def db(path: Path) -> Iterator[Counting]:
    with closing(Counting(path, SCHEMA)) as database:
        yield database


def words(db: LedgerDatabase) -> list[str]:
    return [one for (one,) in db.remembered(ALL)]


def test_what_nobody_changed_is_asked_once(db: Counting) -> None:
    db.run(ADD, "first")
    assert [words(db) for _ in range(3)] == [["first"]] * 3
    assert db.asked == 1


def test_what_this_connection_wrote_is_seen(db: Counting) -> None:
    assert words(db) == []
    db.run(ADD, "first")
    assert words(db) == ["first"]
    with db.commit():
        db.run(ADD, "second")
        assert words(db) == ["first", "second"]
    db.run("DELETE FROM lines")
    assert words(db) == []


def test_what_another_connection_wrote_is_seen(db: Counting, path: Path) -> None:
    assert words(db) == []
    with closing(LedgerDatabase(path, SCHEMA)) as other:
        other.run(ADD, "of another")
        assert words(db) == ["of another"]
        other.run("UPDATE lines SET words = 'changed'")
    assert words(db) == ["changed"]


def test_what_was_taken_back_is_remembered_no_more(db: Counting) -> None:
    db.run(ADD, "kept")
    with suppress(RuntimeError), db.commit():
        db.run(ADD, "taken back")
        assert words(db) == ["kept", "taken back"]
        raise RuntimeError
    assert words(db) == ["kept"]


def test_other_values_are_another_question(db: Counting) -> None:
    for one in ("first", "second"):
        db.run(ADD, one)
    found = "SELECT words FROM lines WHERE number = ?"
    assert [db.remembered(found, number) for number in (1, 2, 1)] == [
        [("first",)], [("second",)], [("first",)]
    ]  # fmt: skip


def test_no_more_is_remembered_than_so_much(db: Counting) -> None:
    for number in range(3 * MOST):
        db.remembered("SELECT words FROM lines WHERE number = ?", number)
        assert len(db._answers._answers) <= MOST
