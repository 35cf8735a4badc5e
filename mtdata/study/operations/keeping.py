"""What of a site's pool grows with time: a line for each thing; what an auditor needs is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mtdata.config import Settings
from mtdata.core.keeping import Amount, Growing
from mtdata.core.sqlite import LedgerDatabase
from mtdata.jobs.keeping import MOST, of_ledger
from mtdata.study.ledger.runs import Runs
from mtdata.study.operations.opening import SiteLedger

RECEIPTS = "for ever, an auditor needs it: receipts, deletes asked and proven, erasures"


def of_pools(settings: Settings) -> Iterator[Growing]:
    """The rounds of each site, and the history of its entries."""
    for site in settings.sites:
        ledger = SiteLedger(site)
        yield of_ledger(
            ledger,
            name="rounds",
            whose=site.name,
            key="RUNS_KEEP",
            keep_s=settings.daemon.runs_keep_s or None,
            why="the newest 10,000",
            amount=lambda db: Runs(db).amount(),
            forget=lambda db, before: Runs(db).forget_old(before, MOST),
        )
        yield of_ledger(
            ledger, name="events of entries", whose=site.name, why=RECEIPTS, amount=_history
        )


def _history(db: LedgerDatabase) -> Amount:
    """The events of a pool, which none ever leaves: the last has the number of all."""
    if db.format < 4:  # that one entered none
        return Amount(0)
    last = db.row("SELECT coalesce(max(number), 0) AS number FROM events")
    first = db.row("SELECT entered_at FROM events ORDER BY number LIMIT 1")
    return Amount(last[0] if last else 0, datetime.fromisoformat(first[0]) if first else None)
