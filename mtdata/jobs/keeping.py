"""What of jobs and incidents grows with time: a line for each thing; what a duty has stands there.

The records are open to who asks for amounts or forgets; the lines themselves ask nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from mtdata.alerts.incidents import Incidents
from mtdata.alerts.ledgers import IncidentLedger, IncidentLedgers
from mtdata.config import Settings
from mtdata.core.clock import SystemClock
from mtdata.core.keeping import DAY_S, Amount, Growing
from mtdata.core.sqlite import LedgerDatabase
from mtdata.jobs.kind import Kinds

if TYPE_CHECKING:  # it brings Django along
    from mtdata.jobs.records.old_rows import OldRows

RUNNERS_S, FORMER_S = 90 * DAY_S, 3660 * DAY_S
"""So long runners are kept that have ended, and that a job there was."""
MOST = 500
"""Lines of a ledger that are forgotten in one commit."""


def of_records(settings: Settings, kinds: Kinds) -> list[Growing]:
    """Jobs, and what comes with them."""
    from mtdata.jobs.pruning import forget_jobs
    from mtdata.jobs.records.old_rows import OldRows, forget_events
    from mtdata.jobs.records.pruning import forget_runners

    how = settings.programme
    jobs_s, events_s = how.jobs_keep_s or None, how.events_keep_s or None
    with_job = "each goes with its job"
    return [
        of_table(
            "ended jobs",
            OldRows("records_job", "id", "ended_at", "ended_at IS NOT NULL"),
            jobs_s,
            key="JOBS_KEEP",
            forget=partial(forget_jobs, settings, kinds),
        ),
        of_table(
            "parts and artefacts of jobs", OldRows("records_part", "id", "ended_at"), why=with_job
        ),
        of_table(
            "events of jobs",
            OldRows("records_event", "id", "at"),
            events_s,
            key="EVENTS_KEEP",
            why=with_job,
            forget=forget_events,
        ),
        of_table(
            "runners",
            OldRows("records_runner", "id", "started_at"),
            RUNNERS_S,
            forget=forget_runners,
        ),
        of_table(
            "ids of forgotten jobs", OldRows("records_formerjob", "id", "forgotten_at"), FORMER_S
        ),
    ]


def of_table(
    name: str,
    rows: OldRows,
    keep_s: float | None = None,
    *,
    key: str = "",
    why: str = "",
    forget: Callable[[float], Iterator[int]] | None = None,
) -> Growing:
    """The line of a table of the records' database; without `forget` its old rows just go."""
    from mtdata.jobs.records.old_rows import amount_of, forget_rows

    act = forget or partial(forget_rows, rows)
    return Growing(
        name=name,
        key=key,
        keep_s=keep_s,
        why=why,
        amount=partial(amount_of, rows),
        forget=_never if keep_s is None else partial(act, keep_s),
    )


def of_ledgers(ledgers: IncidentLedgers, keep_s: float | None) -> list[Growing]:
    """The closed incidents of each ledger."""
    return [
        of_ledger(
            ledger,
            name="closed incidents",
            whose=whose,
            key="INCIDENTS_KEEP",
            keep_s=keep_s,
            amount=lambda db: Incidents(db).closed_amount(),
            forget=lambda db, before: Incidents(db).forget_closed(before, MOST),
        )
        for whose, ledger in ledgers.items()
    ]


def of_ledger(
    ledger: IncidentLedger,
    *,
    name: str,
    whose: str,
    amount: Callable[[LedgerDatabase], Amount],
    forget: Callable[[LedgerDatabase, str], int] | None = None,
    key: str = "",
    keep_s: float | None = None,
    why: str = "",
) -> Growing:
    """The line of a table of a ledger.  `forget` takes MOST away of what is before a moment."""

    def look() -> Amount:
        if not ledger.is_there() or (opened := ledger.open()) is None:
            return Amount(0)
        with closing(opened):
            return amount(opened)

    def pieces() -> Iterator[int]:
        if keep_s is None or forget is None or not ledger.is_there():
            return
        opened = ledger.open()
        if opened is None:
            return
        with closing(opened):
            before = (SystemClock().now() - timedelta(seconds=keep_s)).isoformat()
            count = MOST
            while count == MOST:
                count = forget(opened, before)
                yield count

    return Growing(
        name=name, whose=whose, key=key, keep_s=keep_s, why=why, amount=look, forget=pieces
    )


def _never() -> Iterator[int]:
    return iter(())
