"""Rounds in the ledger: how the last ones ended, and that old ones are forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mtdata.core.errors import StorageError
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


@pytest.mark.parametrize("report", ["[" * 100_000, '["a', "[1]", '"x"', ""], ids=len)
def test_a_report_that_is_none_is_damage_of_the_ledger_and_names_the_remedy(report: str) -> None:
    ledger = ledger_in_memory()
    ledger.runs.end_run(ledger.runs.begin_run("export", AT), 0, {"delete_mode": True}, AT)
    assert (ledger.runs.last_delete_mode(), ledger.is_sound()) == (True, True)
    ledger.runs._db.run("UPDATE runs SET report = ?", report)
    with pytest.raises(StorageError, match="--rebuild-ledger"):
        ledger.runs.last_delete_mode()
    assert not ledger.is_sound()


def test_old_rounds_are_forgotten(runs: Runs) -> None:
    for _ in range(3):
        runs.end_run(runs.begin_run("export", AT), 0, {}, AT)
    runs._db.run("UPDATE runs SET number = number - 10000 WHERE number < 3")
    runs.end_run(runs.begin_run("export", AT), 0, {}, AT)
    assert runs._db.all("SELECT number FROM runs ORDER BY number") == [(3,), (4,)]
