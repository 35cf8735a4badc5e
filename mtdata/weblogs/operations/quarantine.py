"""The lines of which nobody knows whether they are stored, and how a person ends that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from mtdata.core.clock import SystemClock
from mtdata.core.errors import UsageError
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.batches import HitBatch
from mtdata.weblogs.ledger.schema import BatchState

Word = Literal["stored", "resend"]


class LinesOfLog(NamedTuple):
    """Lines of one log, as ranges of numbers."""

    key: str
    lines: Sequence[int]

    @property
    def ranges(self) -> str:
        """Such as "3-17, 20"."""
        return ", ".join(_ranges(self.lines))


class Doubt(NamedTuple):
    """A batch that needs somebody's word."""

    batch: HitBatch
    logs: tuple[LinesOfLog, ...]

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "batch": self.batch.number,
            "state": self.batch.doubt,
            "hits": self.batch.hits,
            "invalid": self.batch.invalid,
            "reason": self.batch.reason,
            "sent_at": self.batch.sent_at.isoformat() if self.batch.sent_at else None,
            "files": [{"key": one.key, "lines": one.ranges} for one in self.logs],
        }


def _ranges(lines: Sequence[int]) -> Iterator[str]:
    first = last = 0
    for line in [*sorted(lines), -1]:
        if first and line == last + 1:
            last = line
            continue
        if first:
            yield str(first) if first == last else f"{first}-{last}"
        first = last = line


def doubts(ledger: WeblogLedger) -> list[Doubt]:
    """All that needs somebody's word, the oldest first."""
    return [_doubt(ledger, batch) for batch in ledger.batches.doubtful()]


def _doubt(ledger: WeblogLedger, batch: HitBatch) -> Doubt:
    invalid = batch.state is BatchState.STORED
    shares = (
        ledger.batches.refused(batch.number) if invalid else ledger.batches.shares(batch.number)
    )
    return Doubt(
        batch,
        tuple(LinesOfLog(ledger.logs.of_number(one.log).identity.key, one.lines) for one in shares),
    )


def resolve(ledger: WeblogLedger, number: int, word: Word, who: str) -> HitBatch:
    """End the doubt about a batch: it is stored, or its lines are sent again by the next import.

    Of invalid hits `stored` says that they may stay out.  UsageError where there is no such doubt,
    or invalid hits would be sent again: of their batch all others are stored.
    """
    known = {batch.number: batch for batch in ledger.batches.doubtful()}
    if number not in known:
        raise UsageError(f"batch {number} is not in the quarantine; `mtdata weblogs quarantine`")
    batch = known[number]
    is_stored = batch.state is BatchState.STORED
    if word == "resend" and is_stored:
        raise UsageError(
            f"batch {number}: its other hits are stored, so it is not sent again; mend what made "
            "its lines invalid for the days to come, and say `--resolve stored`"
        )
    with ledger.commit():
        if word == "resend":
            ledger.batches.give_back(number)
        else:
            how = f"{word} ({who})"
            ledger.batches.resolve(number, BatchState.STORED, how, SystemClock().now())
    return batch
