"""The ledger: what we know of every entry, in one SQLite file; it believes, others prove."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mtdata.alerts.incidents import Incidents
from mtdata.alerts.telling import NotificationState
from mtdata.core.pool_files import LEDGER_FILE
from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.ledger.adopted import AdoptedEntries
from mtdata.study.ledger.arrivals import Arrivals
from mtdata.study.ledger.copies import Copies
from mtdata.study.ledger.counts import EntryCounts, Released
from mtdata.study.ledger.entries import Entries
from mtdata.study.ledger.entry import Classified, LedgerEntry
from mtdata.study.ledger.files import Files, LiveLength
from mtdata.study.ledger.listing import Listed, Listing
from mtdata.study.ledger.queries import Queries
from mtdata.study.ledger.runs import Runs
from mtdata.study.ledger.schema import LEDGER
from mtdata.study.ledger.snapshots import Snapshot, Snapshots

__all__ = [
    "Classified",
    "EntryCounts",
    "Ledger",
    "LedgerEntry",
    "Listed",
    "LiveLength",
    "Released",
    "Snapshot",
]


class Ledger:
    """One pool's ledger.  `path` None keeps it in memory (for tests)."""

    NAME = LEDGER_FILE

    def __init__(self, path: Path | None) -> None:
        self._db = LedgerDatabase(path, LEDGER)
        self.files = Files(self._db)
        self.entries = Entries(self._db, self.files)
        self.adopted = AdoptedEntries(self._db)
        self.copies = Copies(self._db)
        self.snapshots = Snapshots(self._db, self.files)
        self.listing = Listing(self._db)
        self.arrivals = Arrivals(self._db)
        self.incidents = Incidents(self._db)
        self.notifications = NotificationState(self._db)
        self.runs = Runs(self._db)
        self.queries = Queries(self._db)

    @property
    def journal(self) -> str:
        """How its database keeps its journal: `wal`, or `truncate` where that cannot be."""
        return self._db.journal

    def take_turn(self, prove: Callable[[], None]) -> None:
        """Commit from now on only while nobody else took the turn, and `prove` does not raise."""
        self._db.take_turn(prove)

    def is_sound(self) -> bool:
        """Whether the database finds nothing wrong with its file, and every cell can be read."""
        return self._db.is_sound()

    def close(self) -> None:
        """Give the file back."""
        self._db.close()
