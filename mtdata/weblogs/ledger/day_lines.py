"""Lines of many days at once, as the ledger has them, at the price of a page; it changes nothing.

`summary` tells of one day log by log.  Here what has no log to it is never read: of batches only
those that are not settled, or have invalid hits.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from mtdata.weblogs.ledger.file import LineFile
from mtdata.weblogs.ledger.port import LineDatabase
from mtdata.weblogs.ledger.schema import BatchState, LogState
from mtdata.weblogs.ledger.summary import DOUBTFUL


class DayLines(NamedTuple):
    """Lines of the logs of a day: each is a hit, or left out for a reason; all of them `lines`."""

    day: date
    logs: int = 0
    unread: int = 0
    """Logs that were not read to their end."""
    size: int = 0
    lines: int = 0
    skipped: Mapping[str, int] = {}
    quarantined: int = 0
    """Hits of which nobody knows, or that Matomo takes in no batch."""
    invalid: int = 0
    """Hits that Matomo calls invalid, and nobody has accepted as such."""
    accepted: int = 0
    """Invalid hits of which somebody said that they may stay out."""
    waiting: int = 0
    """Hits that are under way, or wait to be sent again."""

    @property
    def left_out(self) -> int:
        """Lines that are no hits."""
        return sum(self.skipped.values())

    @property
    def hits(self) -> int:
        """Lines that are hits."""
        return max(0, self.lines - self.left_out)

    @property
    def tracked(self) -> int:
        """Hits that Matomo counted."""
        elsewhere = self.quarantined + self.invalid + self.accepted + self.waiting
        return max(0, self.hits - elsewhere)

    @property
    def doubtful(self) -> int:
        """Hits that need somebody's word."""
        return self.quarantined + self.invalid

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return {
            "day": self.day.isoformat(),
            "files": self.logs,
            "unread": self.unread,
            "bytes": self.size,
            "lines": self.lines,
            "hits": self.hits,
            "skipped": dict(self.skipped),
            "tracked": self.tracked,
            "invalid": self.invalid,
            "quarantined": self.quarantined,
            "waiting": self.waiting,
        }


def day_lines(database: LineDatabase, first: date, last: date) -> list[DayLines]:
    """Every day from the first to the last of which there are logs, in their order."""
    between = (database.site, first.isoformat(), last.isoformat())
    rows = database.all(
        "SELECT day, count(*) AS tries, sum(CASE WHEN state != ? THEN 1 ELSE 0 END) AS unread,"
        " sum(size) AS size, sum(lines) AS hits FROM logs"
        " WHERE site = ? AND day BETWEEN ? AND ? GROUP BY day ORDER BY day",
        LogState.DONE, *between,
    )  # fmt: skip
    skipped = _skipped(database, between)
    fates = _fates(database, between)
    return [
        DayLines(
            date.fromisoformat(day),
            logs,
            unread,
            size,
            lines,
            dict(skipped[day]),
            fates[day]["quarantined"],
            fates[day]["invalid"],
            fates[day]["accepted"],
            fates[day]["waiting"],
        )
        for day, logs, unread, size, lines in rows
    ]


def first_and_last(database: LineDatabase) -> tuple[date, date] | None:
    """The days between which there are logs; None for no log."""
    first, last = (
        database.row(
            f"SELECT day FROM logs WHERE site = ? ORDER BY day {way} LIMIT 1", database.site
        )
        for way in ("ASC", "DESC")
    )
    return (date.fromisoformat(first[0]), date.fromisoformat(last[0])) if first and last else None


def reasons(days: Iterable[DayLines]) -> dict[str, int]:
    """Lines of all these days that are no hits, by reason, the commonest first."""
    total: Counter[str] = Counter()
    for one in days:
        total.update(one.skipped)
    return dict(total.most_common())


def _skipped(database: LineDatabase, between: tuple[str, str, str]) -> Mapping[str, Counter[str]]:
    """By day; a file adds them up itself, which is the faster: other databases differ in how."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    if isinstance(database, LineFile):
        for day, reason, lines in database.all(
            "SELECT l.day, one.key AS reason, sum(one.value) AS lines FROM logs l,"
            " json_each(l.skipped) one WHERE l.site = ? AND l.day BETWEEN ? AND ? GROUP BY 1, 2",
            *between,
        ):
            found[day][reason] = lines
        return found
    for day, skipped in database.all(
        "SELECT day, skipped FROM logs WHERE site = ? AND day BETWEEN ? AND ?", *between
    ):
        found[day].update(json.loads(skipped))
    return found


def _fates(database: LineDatabase, between: tuple[str, str, str]) -> Mapping[str, Counter[str]]:
    """What became of hits that were not just stored.

    SQLite is told where to begin: with the few batches that its index has, or the logs of the days.
    """
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    unsettled = database.all(
        "SELECT l.day, b.state, sum(s.hits) AS hits FROM batches b"
        " CROSS JOIN shares s ON s.batch = b.number CROSS JOIN logs l ON l.number = s.log"
        f" WHERE b.state != '{BatchState.STORED}' AND b.site = ?"
        " AND l.day BETWEEN ? AND ? GROUP BY 1, 2",
        *between,
    )
    for day, state, hits in unsettled:
        found[day]["quarantined" if state in DOUBTFUL else "waiting"] += hits
    refused = database.all(
        "SELECT l.day, CASE WHEN b.resolved != '' THEN 1 ELSE 0 END AS tries,"
        " sum(s.invalid) AS invalid FROM logs l"
        " CROSS JOIN shares s ON s.log = l.number CROSS JOIN batches b ON b.number = s.batch"
        " WHERE s.invalid > 0 AND b.state = ? AND l.site = ? AND l.day BETWEEN ? AND ?"
        " GROUP BY 1, 2",
        BatchState.STORED, *between,
    )  # fmt: skip
    for day, is_accepted, invalid in refused:
        found[day]["accepted" if is_accepted else "invalid"] += invalid
    given_back = database.all(
        "SELECT l.day, l.lines, l.skipped, coalesce(sum(s.hits), 0) AS hits FROM logs l"
        " LEFT JOIN shares s ON s.log = l.number WHERE l.again > 0 AND l.site = ?"
        " AND l.day BETWEEN ? AND ? GROUP BY l.number, l.day, l.lines, l.skipped",
        *between,
    )
    for day, lines, skipped, hits in given_back:
        found[day]["waiting"] += max(0, lines - sum(json.loads(skipped).values()) - hits)
    return found
