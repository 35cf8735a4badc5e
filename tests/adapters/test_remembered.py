"""Answers of a ledger that are remembered: never one that anybody has changed since."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from mtdata.core import sqlite
from mtdata.core.cells import Cells
from mtdata.core.errors import StorageError
from mtdata.core.reach import DiskFull
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


def test_what_a_full_disk_took_back_is_remembered_no_more(db: Counting) -> None:
    db.run(ADD, "kept")
    db.run(f"PRAGMA max_page_count = {db._db.execute('PRAGMA page_count').fetchone()[0] + 1}")
    with suppress(DiskFull), db.commit():
        db.run(ADD, "taken back")
        assert words(db) == ["kept", "taken back"]
        db.run(ADD, "x" * 200_000)
        pytest.fail("there was room")
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


# one moment -----------------------------------------------------------------------------------


def test_within_one_moment_nobody_is_asked_whether_others_wrote(db: Counting, path: Path) -> None:
    db.run(ADD, "first")
    asked: list[str] = []
    db._db.set_trace_callback(asked.append)
    with closing(LedgerDatabase(path, SCHEMA)) as other:
        with db.one_moment():
            assert words(db) == ["first"]
            other.run(ADD, "second")
            assert words(db) == ["first"]
            assert [one for (one,) in db.all(ALL)] == ["first"], "what is not remembered fits it"
            assert asked.count("PRAGMA data_version") == 1
        assert words(db) == ["first", "second"]


def test_a_moment_ends_with_the_first_change_of_ours(db: Counting, path: Path) -> None:
    with closing(LedgerDatabase(path, SCHEMA)) as other:
        with db.one_moment():
            assert words(db) == []
            other.run(ADD, "theirs")
            with db.commit():
                assert words(db) == ["theirs"]
                db.run(ADD, "ours")
            assert words(other) == ["theirs", "ours"]
            other.run(ADD, "more")
            assert words(db) == ["theirs", "ours", "more"]
        with db.one_moment():
            db.run(ADD, "alone")
            assert words(other)[-1] == "alone", "durable at once, as outside of a moment"
        with db.one_moment():
            db.run_many(ADD, [("a",), ("b",)])
            assert words(other)[-2:] == ["a", "b"]


def test_working_tables_are_written_in_a_moment_as_ever(db: Counting) -> None:
    db.run("CREATE TEMP TABLE present (number INTEGER NOT NULL)")
    with db.one_moment():
        assert words(db) == []
        with db.working():
            db.run("INSERT INTO temp.present VALUES (1)")
    assert db.row("SELECT count(*) FROM temp.present") == (1,)


def test_a_moment_that_ends_in_an_error_holds_nothing(db: Counting, path: Path) -> None:
    with suppress(KeyError), db.one_moment():
        assert words(db) == []
        raise KeyError
    with closing(LedgerDatabase(path, SCHEMA)) as other:
        other.run(ADD, "theirs")
    assert words(db) == ["theirs"]


def test_a_moment_that_could_not_be_seen_holds_nothing(
    db: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*of: object) -> tuple[int, int]:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as failing:
        failing.setattr(sqlite, "stamp_of", refused)
        with pytest.raises(StorageError, match="disk I/O error"), db.one_moment():
            pass
    with db.commit():
        db.run(ADD, "later")
    assert words(db) == ["later"]


def test_working_tables_without_room_are_told_as_such(db: Counting) -> None:
    db.run("CREATE TEMP TABLE present (words TEXT NOT NULL)")
    db.run("PRAGMA temp.max_page_count = 20")
    with pytest.raises(DiskFull, match="database or disk is full"), db.working():
        db.run("INSERT INTO temp.present VALUES (?)", "x" * 400_000)
    with db.working():
        db.run("INSERT INTO temp.present VALUES ('short')")
    assert db.row("SELECT count(*) FROM temp.present") == (1,)


def test_where_others_could_not_write_meanwhile_there_is_no_such_moment(db: Counting) -> None:
    db.journal = "truncate"
    with db.one_moment():
        assert words(db) == []
        assert not db._db.in_transaction
