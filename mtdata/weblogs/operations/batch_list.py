"""What the ledger of a site tells of its batches, for people."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.batches import HitBatch


class BatchOfLog(NamedTuple):
    """The lines of a log that are in a batch, and what became of that."""

    day: date
    key: str
    first_line: int
    last_line: int
    hits: int
    batch: HitBatch

    @property
    def cells(self) -> tuple[object, ...]:
        """For a table."""
        lines = f"{self.first_line}-{self.last_line}"
        return str(self.day), self.key, lines, self.hits, self.batch.number, self.batch.state.value

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "day": str(self.day),
            "key": self.key,
            "batch": self.batch.number,
            "first_line": self.first_line,
            "last_line": self.last_line,
            "hits": self.hits,
            "state": self.batch.state.value,
            "tracked": self.batch.tracked,
            "invalid": self.batch.invalid,
            "reason": self.batch.reason,
            "resolved": self.batch.resolved,
        }


def batches_of(ledger: WeblogLedger, day: date) -> list[BatchOfLog]:
    """The batches of every log of that day, log by log."""
    return [
        BatchOfLog(day, log.identity.key, first, last, hits, batch)
        for log in ledger.logs.of_day(day)
        for batch, first, last, hits in ledger.batches.of_log(log.number)
    ]
