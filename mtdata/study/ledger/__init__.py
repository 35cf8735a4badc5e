"""The ledger: what we know of every entry, in one SQLite file; it believes, others prove."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mtdata.alerts.incidents import Incidents
from mtdata.alerts.telling import NotificationState
from mtdata.core.clock import SystemClock
from mtdata.core.pool_files import LEDGER_FILE
from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.ledger.adopted import AdoptedEntries
from mtdata.study.ledger.arrivals import Arrivals
from mtdata.study.ledger.classified import Classified
from mtdata.study.ledger.copies import Copies
from mtdata.study.ledger.counts import Released
from mtdata.study.ledger.entries import Entries, LedgerEntry
from mtdata.study.ledger.entry_search import EntrySearch
from mtdata.study.ledger.erased import ErasedEntries
from mtdata.study.ledger.events import EventChain
from mtdata.study.ledger.files import Files, LiveLength
from mtdata.study.ledger.kept_counts import KeptCounts
from mtdata.study.ledger.listing import Listing
from mtdata.study.ledger.proofs import Proofs
from mtdata.study.ledger.queries import Queries
from mtdata.study.ledger.receipts import Receipts
from mtdata.study.ledger.runs import Runs
from mtdata.study.ledger.schema import LEDGER, KnowingDatabase
from mtdata.study.ledger.snapshots import Snapshot, Snapshots

__all__ = ["Classified", "Ledger", "LedgerEntry", "LiveLength", "Released", "Snapshot"]


class Ledger:
    """One pool's ledger.  `path` None keeps it in memory (for tests).

    `now` is asked when an event is entered.
    """

    NAME = LEDGER_FILE

    def __init__(
        self,
        path: Path | None,
        now: Callable[[], datetime] | None = None,
        *,
        only_look: bool = False,
        knowing: bool = False,
    ) -> None:
        """`only_look`: no entry is to be changed; tables of an older program stay as they are.

        `knowing`: LedgerLost where no file is entered, before anything is changed.
        """
        self._kind = KnowingDatabase if knowing else LedgerDatabase
        self._db = db = self._opened(path, only_look=only_look)
        self.take_turn, self.is_sound, self.close = db.take_turn, db.is_sound, db.close
        self.commit, self.stamp, self.one_moment = db.commit, db.stamp, db.one_moment
        self.journal = db.journal  # `wal`, or `truncate` where that cannot be
        self.events = events = EventChain(db, now or SystemClock().now, only_look=only_look)
        self.counts = KeptCounts(db)
        self.files = Files(db, events)
        self.erased = ErasedEntries(db, events, self.files)
        self.entries = Entries(db, events, self.files, self.erased)
        self.adopted = AdoptedEntries(db, events)
        self.copies = Copies(db, events)
        self.snapshots = Snapshots(db, events, self.files)
        self.search = EntrySearch(db, self.snapshots)
        self.listing = Listing(db, events)
        self.arrivals = Arrivals(db)
        self.incidents = Incidents(db)
        self.notifications = NotificationState(db)
        self.runs = Runs(db)
        self.proofs = Proofs(db)
        self.queries = Queries(db)
        self.receipts = Receipts(db)

    def _opened(self, path: Path | None, *, only_look: bool) -> LedgerDatabase:
        return self._kind(path, LEDGER, only_look=only_look)

    def files_stamp(self) -> tuple[object, ...] | None:
        """Another one once a file or an event was entered; None while a file is in hand."""
        newest = "SELECT (SELECT max(number) FROM files) AS file, number, head FROM events"
        row = self._db.row(f"{newest} ORDER BY number DESC LIMIT 1")
        return None if row is None or self.files.any_in_hand() else row
