"""Rounds in the ledger: how the last ones ended, and that old ones are forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mtdata.study.ledger.runs import Runs
from tests.ledgers import ledger_in_memory

AT = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)


@pytest.fixture
def runs() -> Runs:
    return ledger_in_memory().runs


def test_a_round_without_an_end_is_not_the_last_one(runs: Runs) -> None:
    assert runs.last_run() is None
    first = runs.begin_run("export", AT)
    runs.end_run(first, 0, {}, AT)
    second = runs.begin_run("export", LATER)
    assert runs.last_run() == (AT, 0)
    runs.end_run(second, 69, {}, LATER)
    assert runs.last_run() == (LATER, 69)
    assert runs.last_run(LATER) == (AT, 0)
    runs.begin_run("export", LATER)
    assert second == first + 1


def test_old_rounds_are_forgotten(runs: Runs) -> None:
    for _ in range(3):
        runs.end_run(runs.begin_run("export", AT), 0, {}, AT)
    runs._db.run("UPDATE runs SET number = number - 10000 WHERE number < 3")
    runs.end_run(runs.begin_run("export", AT), 0, {}, AT)
    assert runs._db.all("SELECT number FROM runs ORDER BY number") == [(3,), (4,)]
