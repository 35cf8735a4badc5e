"""A pool's ledger for who only reads: opened for nothing else, each answer of one moment."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from mtdata.core.errors import BusyError
from mtdata.core.read_only import LedgerMoved, ReadOnlyDatabase
from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.ledger import Ledger
from mtdata.study.ledger.entry_list import EntryList
from mtdata.study.ledger.schema import LEDGER

Answer = TypeVar("Answer")
TURNS = 20
"""So often a ledger may change under whoever reads it as it lies."""


class ReadOnlyLedger(Ledger):
    """A ledger that nothing can be entered in."""

    def __init__(self, path: Path) -> None:
        self._read_only = ReadOnlyDatabase(path, LEDGER)
        try:
            super().__init__(path)
        except BaseException:
            self._read_only.close()
            raise
        self.entry_list = EntryList(self._db)

    def _opened(self, path: Path | None, *, only_look: bool) -> LedgerDatabase:
        return self._read_only

    def ask(self, question: Callable[[ReadOnlyLedger], Answer]) -> Answer:
        """What a question answers, all of one moment.  LedgerMoved where that could not be."""
        with self._read_only.one_moment():
            return question(self)


def at_one_moment(root: Path, question: Callable[[ReadOnlyLedger], Answer]) -> Answer:
    """What a question about the ledger of the pool there answers, all of one moment.

    BusyError where rounds never let it rest; StorageError where it cannot be read.
    """
    for _ in range(TURNS):
        try:
            with closing(ReadOnlyLedger(root / Ledger.NAME)) as ledger:
                return ledger.ask(question)
        except LedgerMoved:  # by then somebody has it open, and SQLite keeps the moment
            continue
    raise BusyError(f"{root}: rounds went on changing the ledger while it was read; try again")
