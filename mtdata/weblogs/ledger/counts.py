"""Hits by the day of the site's zone on which they count, as the ledger has them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from mtdata.weblogs.ledger.port import LineDatabase
from mtdata.weblogs.ledger.schema import BatchState

PAGE = 1_000


class DayCount(NamedTuple):
    """Hits that count on a day: `stored` for sure, `doubtful` perhaps, `invalid` not."""

    stored: int
    doubtful: int
    invalid: int = 0


def day_count(database: LineDatabase, day: date) -> DayCount:
    """What the ledger has of a day, of whatever log."""
    counts: Counter[str] = Counter()
    for state, days in _shares_of_day(database, day, "local_days"):
        counts[state] += json.loads(days).get(str(day), 0)
    invalid = database.row(
        "SELECT coalesce(sum(s.invalid), 0) AS invalid FROM shares s JOIN batches b"
        " ON b.number = s.batch JOIN logs l ON l.number = s.log"
        " WHERE l.site = ? AND b.state = ? AND l.day = ?",
        database.site, BatchState.STORED, str(day),
    )  # fmt: skip
    refused = int(invalid[0]) if invalid else 0
    return DayCount(counts[BatchState.STORED] - refused, counts[BatchState.QUARANTINED], refused)


class Besides(NamedTuple):
    """What hits of a day are besides: see `visitors.BESIDES`."""

    downloads: int = 0
    campaigns: int = 0
    users: int = 0
    keyed: int = 0
    untold: int = 0
    """Batches of which an older program did not say it."""


def day_besides(database: LineDatabase, day: date) -> tuple[Besides, Besides]:
    """Of the hits that are stored, and of those in doubt."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for state, besides in _shares_of_day(database, day, "besides"):
        known = {"untold": 1} if besides is None else json.loads(besides).get(str(day), {})
        found[state].update(known)
    stored, doubtful = found[BatchState.STORED], found[BatchState.QUARANTINED]
    return Besides(**stored), Besides(**doubtful)


def _shares_of_day(database: LineDatabase, day: date, what: str) -> Iterator[tuple[str, Any]]:
    """State and that column of each share that has hits of that day, a page at a time."""
    last = (-1, -1)
    while rows := database.all(
        f"SELECT b.state, s.{what}, s.batch, s.log FROM shares s"
        " JOIN batches b ON b.number = s.batch WHERE b.site = ? AND s.local_days LIKE ?"
        " AND (s.batch > ? OR (s.batch = ? AND s.log > ?)) ORDER BY s.batch, s.log LIMIT ?",
        database.site, f'%"{day}"%', last[0], *last, PAGE,
    ):  # fmt: skip
        yield from (row[:2] for row in rows)
        last = rows[-1][2:]


def days_of_batch(database: LineDatabase, number: int) -> Mapping[str, int]:
    """Hits of a batch by their day."""
    found: Counter[str] = Counter()
    for (days,) in database.all("SELECT local_days FROM shares WHERE batch = ?", number):
        found.update(json.loads(days))
    return found


def days_of_logs(database: LineDatabase, day: date) -> set[date]:
    """The days on which hits of that day's logs count."""
    rows = database.all(
        "SELECT DISTINCT s.local_days FROM shares s JOIN logs l ON l.number = s.log"
        " WHERE l.site = ? AND l.day = ?",
        database.site, str(day),
    )  # fmt: skip
    return {date.fromisoformat(one) for (days,) in rows for one in json.loads(days)}
