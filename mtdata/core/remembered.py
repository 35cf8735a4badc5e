"""Answers of one connection that are asked for again and again, kept while nobody writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

MOST = 64
"""So many answers at most."""
Rows = Sequence[tuple[Any, ...]]


def stamp_of(db: sqlite3.Connection) -> tuple[int, int]:
    """Another one once anybody has written: others, or this connection."""
    [(version,)] = db.execute("PRAGMA data_version")
    return version, db.total_changes


class RememberedAnswers:
    """Small answers by what was asked."""

    def __init__(self) -> None:
        self._answers: dict[tuple[Any, ...], Rows] = {}
        self._stamp: tuple[int, int] | None = None

    def give(
        self, stamp: tuple[int, int], question: tuple[Any, ...], ask: Callable[[], Rows]
    ) -> Rows:
        """The answer, asked anew only where anybody has written since the last time."""
        if stamp != self._stamp or len(self._answers) >= MOST:
            self._answers.clear()
            self._stamp = stamp
        if question not in self._answers:
            self._answers[question] = ask()
        return self._answers[question]

    def forget(self) -> None:
        """Forget all: what was read in a transaction that is taken back was never true."""
        self._answers.clear()
        self._stamp = None
