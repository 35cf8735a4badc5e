"""What became of the lines of a day, log by log, as the ledger has it; it changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from mtdata.weblogs.ledger.logs import Log, Logs
from mtdata.weblogs.ledger.port import LineDatabase
from mtdata.weblogs.ledger.schema import BatchState, LogState

DOUBTFUL = (BatchState.QUARANTINED, BatchState.POISONED)


class LogSummary(NamedTuple):
    """Lines of one log: each is a hit, or left out for a reason; of each hit what became of it."""

    log: Log
    hits: int
    tracked: int
    invalid: int
    quarantined: int
    waiting: int
    """Hits of batches that are under way, or wait to be sent again."""

    @property
    def is_well(self) -> bool:
        """Whether every line of it is where it belongs."""
        is_whole = self.log.state is LogState.DONE and not self.log.again
        return is_whole and not (self.invalid or self.quarantined or self.waiting)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "key": self.log.identity.key,
            "lines": self.log.mark.lines,
            "hits": self.hits,
            "skipped": dict(self.log.mark.skipped),
            "invalid": self.invalid,
            "quarantined": self.quarantined,
            "state": self.log.state.value,
            **({"reason": self.log.reason} if self.log.reason else {}),
        }


class DaySummary(NamedTuple):
    """The logs of a day, by key."""

    day: date
    logs: tuple[LogSummary, ...]

    @property
    def is_well(self) -> bool:
        """Whether every line of the day is where it belongs."""
        return all(one.is_well for one in self.logs)

    @property
    def lines(self) -> int:
        """Lines that were taken."""
        return sum(one.log.mark.lines for one in self.logs)

    @property
    def skipped(self) -> Mapping[str, int]:
        """Lines that were left out, by reason."""
        total: Counter[str] = Counter()
        for one in self.logs:
            total.update(one.log.mark.skipped)
        return dict(sorted(total.items()))

    def total(self, name: str) -> int:
        """The sum of `hits`, `tracked`, `invalid`, `quarantined` or `waiting`."""
        return sum(getattr(one, name) for one in self.logs)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "files": [one.as_json() for one in self.logs],
            "lines": self.lines,
            "hits": self.total("hits"),
            "skipped": self.skipped,
            "tracked": self.total("tracked"),
            "invalid": self.total("invalid"),
            "quarantined": self.total("quarantined"),
        }


def day_summary(database: LineDatabase, logs: Logs, day: date) -> DaySummary:
    """What the ledger knows of that day."""
    rows = database.all(
        "SELECT s.log, sum(s.hits) AS hits, sum(s.invalid) AS invalid,"
        " sum(CASE WHEN b.state IN (?, ?) THEN s.hits ELSE 0 END) AS tries,"
        " sum(CASE WHEN b.state = ? THEN s.hits ELSE 0 END) AS tracked,"
        " sum(CASE WHEN b.resolved != '' THEN s.invalid ELSE 0 END) AS size"
        " FROM logs l JOIN shares s ON s.log = l.number JOIN batches b ON b.number = s.batch"
        " WHERE l.site = ? AND l.day = ? GROUP BY s.log",
        *DOUBTFUL, BatchState.STORED, database.site, str(day),
    )  # fmt: skip
    found = {row[0]: row[1:] for row in rows}
    return DaySummary(day, tuple(_of_log(log, found.get(log.number)) for log in logs.of_day(day)))


def _of_log(log: Log, row: tuple[Any, ...] | None) -> LogSummary:
    hits, invalid, doubtful, stored, accepted = row or (0, 0, 0, 0, 0)
    waiting = hits - doubtful - stored
    return LogSummary(log, hits, stored - invalid, invalid - accepted, doubtful, waiting)
