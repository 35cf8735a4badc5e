"""Pages of digests that the ledger gives: all of them, in order, by no question too many."""

from __future__ import annotations

import pytest

from mtdata.study.ledger import proofs
from tests.ledgers import ledger_in_memory


@pytest.mark.parametrize(("count", "asked"), [(0, 1), (3, 1), (4, 2), (5, 2), (8, 3)])
def test_each_page_is_asked_for_once_and_a_short_one_is_the_last(
    monkeypatch: pytest.MonkeyPatch, count: int, asked: int
) -> None:
    monkeypatch.setattr(proofs, "PAGE", 4)
    ledger = ledger_in_memory()
    statements: list[str] = []
    for file in (1, 2):
        for number in range(count):
            kept = ("key", bytes([number]), "2026-03-12T12:00:00+00:00")
            ledger._db.run("INSERT INTO ranges VALUES (?, ?, 7, ?, ?, ?)", file, 7 * number, *kept)
    ledger._db._db.set_trace_callback(statements.append)
    pages = list(ledger.proofs.ranges(1))
    assert [start for page in pages for start in page.starts] == [7 * n for n in range(count)]
    assert [one for page in pages for one in page.digests] == [bytes([n]) for n in range(count)]
    assert len(statements) == asked
