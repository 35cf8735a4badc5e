"""What people who look on are told of a pool by its ledger: does it add up, how rounds ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from mtdata.study.ledger import Ledger
from mtdata.study.ledger.queries import Queries
from tests.system.home import STUDY, Home, row


@pytest.fixture
def queries(home: Home) -> Iterator[Queries]:
    """Of a pool of two rounds: rows, a conflict, an entry without an id, deletes."""
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1), row(2), row("no number"), row(3)])
    home.export(code=1)
    home.site.put("QOL", [row(2, answer=9), row(4)])
    home.export(code=1)
    with closing(Ledger(home.pool / Ledger.NAME)) as ledger:
        yield ledger.queries


def test_entries_in_raw_files_are_rows_or_held_or_wait(home: Home, queries: Queries) -> None:
    balance, known = queries.balance("QOL"), home.status("QOL")
    assert (balance.rows, balance.held) == (known["rows"], known["held"]) == (4, 2)
    assert balance.raw == balance.rows + balance.held + balance.waiting
    assert queries.balance("nothing") == (0, 0, 0, 0)


def test_rounds_are_counted_by_the_hour_and_by_how_they_ended(home: Home, queries: Queries) -> None:
    home.site.fault("drop")
    home.export(code=69)
    [hour] = queries.rounds(home.now - timedelta(days=1), f"export {STUDY} .")
    assert (hour.good, hour.bad) == (2, 1)
    assert home.now.isoformat().startswith(hour.hour)
    assert queries.rounds(home.now, f"export {STUDY} .") == []
    assert queries.rounds(home.now - timedelta(days=1), "export another .") == []
    with closing(sqlite3.connect(home.pool / Ledger.NAME, isolation_level=None)) as db:
        db.execute("UPDATE runs SET exit = NULL")  # as damage may leave it
    [hour] = queries.rounds(home.now - timedelta(days=1), f"export {STUDY} .")
    assert (hour.good, hour.bad) == (0, 3)


def test_it_knows_what_was_read_again(home: Home, queries: Queries) -> None:
    before = {one.kind: one for one in queries.files_by_kind()}
    assert before["raw"].unread == before["raw"].files == len(home.paths("raw_data", "QOL"))
    size = sum(path.stat().st_size for path in home.paths("raw_data", "QOL"))
    assert 0 < before["raw"].bytes < size  # the ends of the files are not counted
    home.run("verify", STUDY)
    after = {one.kind: one for one in queries.files_by_kind()}
    assert [one.unread for one in after.values()] == [0] * len(after)
    assert after["sheet"].oldest_read_at
    paths = [f"raw_data/{path.name}" for path in home.paths("raw_data", "QOL")]
    known = queries.entered([*paths, "raw_data/not there"])
    assert list(known) == paths
    assert {one.state for one in known.values()} == {"live"}
