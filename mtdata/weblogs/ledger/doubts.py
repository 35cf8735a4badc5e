"""Batches that need somebody's word, a page of them, with the lines that are in them."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from mtdata.weblogs.ledger.batches import COLUMNS, HitBatch, batch_of
from mtdata.weblogs.ledger.port import LineDatabase
from mtdata.weblogs.ledger.schema import BatchState

MOST_LOGS = 5
_DOUBTFUL = (
    "site = ? AND resolved = ''"
    f" AND (state IN ('{BatchState.QUARANTINED}', '{BatchState.POISONED}')"
    f" OR (state = '{BatchState.STORED}' AND invalid > 0))"
)
_OF_DAY = (
    " AND number IN (SELECT s.batch FROM shares s JOIN logs l ON l.number = s.log WHERE l.day = ?)"
)


class LinesInBatch(NamedTuple):
    """Lines of a log that are in a batch: `hits` of them between the first and the last."""

    day: date
    key: str
    first: int
    last: int
    hits: int


class DoubtfulBatch(NamedTuple):
    """A batch, and the first of its lines log by log; `more` logs are not named."""

    batch: HitBatch
    lines: tuple[LinesInBatch, ...]
    more: int

    @property
    def hits(self) -> int:
        """How many of its hits need that word."""
        return self.batch.invalid if self.batch.state is BatchState.STORED else self.batch.hits


class DoubtfulPage(NamedTuple):
    """Some of the batches, the newest first, and how many there are."""

    batches: tuple[DoubtfulBatch, ...]
    total: int


def doubtful_page(database: LineDatabase, most: int, day: date | None = None) -> DoubtfulPage:
    """At most so many, of a day's logs or of all."""
    of = (database.site, str(day)) if day else (database.site,)
    where = _DOUBTFUL + _OF_DAY if day else _DOUBTFUL
    counted = database.row(f"SELECT count(*) AS hits FROM batches WHERE {where}", *of)
    rows = database.all(
        f"SELECT {COLUMNS} FROM batches WHERE {where} ORDER BY number DESC LIMIT ?", *of, most
    )
    shown = tuple(_with_lines(database, batch_of(row)) for row in rows)
    return DoubtfulPage(shown, int(counted[0]) if counted else 0)


def _with_lines(database: LineDatabase, batch: HitBatch) -> DoubtfulBatch:
    having = " AND s.invalid > 0" if batch.state is BatchState.STORED else ""
    rows = database.all(
        "SELECT l.day, l.key, s.first_line, s.last_line, s.hits, count(*) OVER () AS logs"
        f" FROM shares s JOIN logs l ON l.number = s.log WHERE s.batch = ?{having}"
        " ORDER BY l.day, l.key LIMIT ?",
        batch.number, MOST_LOGS,
    )  # fmt: skip
    lines = tuple(LinesInBatch(date.fromisoformat(row[0]), *row[1:5]) for row in rows)
    return DoubtfulBatch(batch, lines, rows[0][5] - len(rows) if rows else 0)
