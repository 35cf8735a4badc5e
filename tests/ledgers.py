"""Ledgers in memory that are closed after the test that made them: Python 3.13 warns else."""

from __future__ import annotations

from mtdata.study.ledger import Ledger

_OPEN: list[Ledger] = []


def ledger_in_memory() -> Ledger:
    """A new ledger, for one test."""
    return kept(Ledger(None))


def kept(ledger: Ledger) -> Ledger:
    """The same, closed when the test has ended."""
    _OPEN.append(ledger)
    return ledger


def close_all() -> None:
    """Give back those of the test that has ended."""
    while _OPEN:
        _OPEN.pop().close()
