"""To import logs once more that the ledger has: what would be counted twice, and to do it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from mtdata.core.errors import UsageError
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.summary import LogSummary, day_summary


class Doubling(NamedTuple):
    """Logs that the ledger has, and of their hits how many are stored, and in doubt."""

    logs: tuple[LogSummary, ...]

    @property
    def stored(self) -> int:
        """Hits that would be counted twice for sure, unless they are taken out of Matomo first."""
        return sum(one.tracked for one in self.logs)

    @property
    def doubtful(self) -> int:
        """Hits that perhaps would."""
        return sum(one.quarantined + one.waiting for one in self.logs)


def doubling(ledger: WeblogLedger, day: date, keys: Collection[str]) -> Doubling:
    """What importing these logs of the day once more would double; all of the day without keys.

    UsageError for a key that the ledger does not have.
    """
    logs = day_summary(ledger.database, ledger.logs, day).logs
    known = {one.log.identity.key for one in logs}
    if unknown := sorted(set(keys) - known):
        raise UsageError(f"the ledger has no log {ascii(unknown[0])[:200]} of {day}")
    return Doubling(tuple(one for one in logs if not keys or one.log.identity.key in keys))


def forget(ledger: WeblogLedger, found: Doubling) -> None:
    """Let the ledger know nothing of these logs: the next import sends all of their lines."""
    with ledger.commit():
        for one in found.logs:
            ledger.batches.forget_log(one.log.number)
            ledger.logs.forget(one.log.number)
