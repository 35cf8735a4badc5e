"""What the ledger knows of each batch: which lines are in it, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from mtdata.alerts.incidents import moment_of
from mtdata.core.errors import BusyError
from mtdata.core.sqlite import question_marks
from mtdata.weblogs.ledger.lines import packed, unpacked_lines
from mtdata.weblogs.ledger.logs import TAKEN_OVER
from mtdata.weblogs.ledger.port import LineDatabase
from mtdata.weblogs.ledger.schema import BatchState
from mtdata.weblogs.matomo.verdict import BatchVerdict

COLUMNS = "number, state, hits, size, tries, tracked, invalid, reason, resolved, sent_at, ended_at"
KEPT_DAYS, AT_ONCE = 10, 500
"""So long is it known whose hits a batch has: 12 bytes each, for the count of visits."""
ENDED_BEFORE = "the program ended while it was under way"


class Share(NamedTuple):
    """The lines of one log that are in a batch."""

    log: int
    lines: Sequence[int]
    days: Mapping[str, int] = {}  # hits by their day in the site's zone
    besides: Mapping[str, Mapping[str, int]] = {}  # how many of a day's are downloads and so on
    visitors: bytes | None = None  # whose they are and when; None where that is not known


class HitBatch(NamedTuple):
    """A batch, as the ledger has it."""

    number: int
    state: BatchState
    hits: int
    size: int
    tries: int
    tracked: int
    invalid: int
    reason: str
    resolved: str
    sent_at: datetime | None
    ended_at: datetime | None

    @property
    def doubt(self) -> str:
        """`quarantined`, `poisoned`, or `invalid` of one that is stored but for some hits."""
        return "invalid" if self.state is BatchState.STORED else self.state.value


def batch_of(row: tuple[Any, ...]) -> HitBatch:
    """The batch that a row of an answer is, by COLUMNS."""
    number, state, hits, size, tries, tracked, invalid, reason, resolved = row[:9]
    return HitBatch(
        number,
        BatchState(state),
        hits,
        size,
        tries,
        tracked,
        invalid,
        reason,
        resolved,
        *map(moment_of, row[9:]),
    )


def _cells(share: Share) -> tuple[Any, ...]:
    lines, days, besides = share.lines, json.dumps(share.days), json.dumps(share.besides)
    return (
        share.log, min(lines), max(lines), len(lines), packed(lines), days, besides, share.visitors,
    )  # fmt: skip


class Batches:
    """The batches of one site."""

    def __init__(self, database: LineDatabase) -> None:
        self._db = database

    def begin(self, shares: Sequence[Share], size: int, at: datetime) -> int:
        """Enter a batch that is about to be sent; its number.  Within a commit."""
        number = self._db.insert(
            "INSERT INTO batches (site, state, hits, size, tries, tracked, invalid, reason,"
            " resolved, sent_at, forget_at) VALUES (?, ?, ?, ?, 1, 0, 0, '', '', ?, ?)",
            self._db.site, BatchState.SENDING, sum(len(one.lines) for one in shares), size,
            at.isoformat(), (at + timedelta(days=KEPT_DAYS)).isoformat(),
        )  # fmt: skip
        self._db.run_many(
            "INSERT INTO shares (batch, log, first_line, last_line, hits, invalid, taken,"
            " local_days, besides, visitors) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?)",
            [(number, *_cells(one)) for one in shares],
        )
        return number

    def wait(self, number: int, reason: str) -> None:
        """Nothing of it is stored, and it will be sent again; within a commit."""
        self._db.run(
            "UPDATE batches SET state = ?, reason = ? WHERE number = ?",
            BatchState.WAITING, reason, number,
        )  # fmt: skip

    def send_again(self, number: int, at: datetime) -> None:
        """It is about to be sent once more.  BusyError where another import has it; in a commit."""
        found = self._db.run(
            "UPDATE batches SET state = ?, tries = tries + 1, sent_at = ?"
            " WHERE number = ? AND state = ?",
            BatchState.SENDING, at.isoformat(), number, BatchState.WAITING,
        )  # fmt: skip
        if found != 1:
            raise BusyError(TAKEN_OVER)

    def forget(self, number: int) -> None:
        """Nothing of it is stored: its lines go into other batches.  Within a commit."""
        self._db.run("DELETE FROM shares WHERE batch = ?", number)
        self._db.run("DELETE FROM batches WHERE number = ?", number)

    def forget_log(self, log: int) -> None:
        """Take the lines of a log out of every batch, whatever became of them; within a commit."""
        for number in self._of_log(log):
            self._db.run(
                "UPDATE batches SET hits = hits - (SELECT hits FROM shares s WHERE s.log = ?"
                " AND s.batch = number), invalid = invalid - (SELECT invalid FROM shares s"
                " WHERE s.log = ? AND s.batch = number) WHERE number = ?",
                log, log, number,
            )  # fmt: skip
            self._db.run("DELETE FROM shares WHERE batch = ? AND log = ?", number, log)
            self._db.run(
                "DELETE FROM batches WHERE number = ?"
                " AND number NOT IN (SELECT batch FROM shares WHERE batch = ?)",
                number, number,
            )  # fmt: skip

    def _of_log(self, log: int, state: BatchState | None = None) -> list[int]:
        """Numbers of batches, for statements that shall touch no row of another's."""
        rows = self._db.all(
            "SELECT b.number FROM shares s JOIN batches b ON b.number = s.batch WHERE s.log = ?"
            " AND (? = '' OR b.state = ?) ORDER BY b.number",
            log, state or "", state or "",
        )  # fmt: skip
        return [row[0] for row in rows]

    def give_back(self, number: int) -> None:
        """Nothing of it is stored: a later import sends its lines.  Within a commit."""
        for (log,) in self._db.all("SELECT log FROM shares WHERE batch = ? ORDER BY log", number):
            self._db.run("UPDATE logs SET again = again + 1 WHERE number = ?", log)
        self.forget(number)

    def end(
        self,
        number: int,
        state: BatchState,
        verdict: BatchVerdict,
        at: datetime,
        refused: Mapping[int, Sequence[int]] | None = None,
    ) -> None:
        """Enter what became of it; `refused`: the invalid lines, by log.  Within a commit."""
        self._db.run(
            "UPDATE batches SET state = ?, tracked = ?, invalid = ?, reason = ?, ended_at = ?"
            " WHERE number = ?",
            state, verdict.tracked, verdict.invalid, verdict.words, at.isoformat(), number,
        )  # fmt: skip
        if state is not BatchState.STORED:
            return
        for log, lines in (refused or {}).items():
            self._db.run(
                "UPDATE shares SET refused = ?, invalid = ? WHERE batch = ? AND log = ?",
                packed(lines), len(lines), number, log,
            )  # fmt: skip
        if verdict.invalid and not refused:  # nobody says which: they are counted at the first log
            first = self._db.row("SELECT min(log) AS log FROM shares WHERE batch = ?", number)
            self._db.run(
                "UPDATE shares SET invalid = ? WHERE batch = ? AND log = ?",
                verdict.invalid, number, first and first[0],
            )  # fmt: skip

    def resolve(self, number: int, state: BatchState, how: str, at: datetime) -> None:
        """End a quarantine by somebody's word, or by proof; within a commit."""
        self._db.run(
            "UPDATE batches SET state = ?, resolved = ?, ended_at = ? WHERE number = ?",
            state, how, at.isoformat(), number,
        )  # fmt: skip

    def forget_visitors(self, at: datetime) -> None:
        """Who came with batches that went out KEPT_DAYS before is kept no longer; in a commit."""
        while rows := self._db.all(
            "SELECT number FROM batches WHERE site = ? AND forget_at < ? ORDER BY number LIMIT ?",
            self._db.site, at.isoformat(), AT_ONCE,
        ):  # fmt: skip
            numbers = [row[0] for row in rows]
            marks = question_marks(numbers)
            self._db.run(f"UPDATE shares SET visitors = NULL WHERE batch IN ({marks})", *numbers)
            self._db.run(f"UPDATE batches SET forget_at = NULL WHERE number IN ({marks})", *numbers)

    def recover(self, log: int, at: datetime) -> int:
        """Settle what an import that ended left of a log; how many batches are in doubt by that.

        What was under way is quarantined, what waited is given back.  Within a commit.
        """
        for number in self._of_log(log, BatchState.WAITING):
            self.give_back(number)
        doubtful = self._of_log(log, BatchState.SENDING)
        for number in doubtful:
            self._db.run(
                "UPDATE batches SET state = ?, reason = ?, ended_at = ? WHERE number = ?",
                BatchState.QUARANTINED, ENDED_BEFORE, at.isoformat(), number,
            )  # fmt: skip
        return len(doubtful)

    def unsettled_logs(self) -> set[int]:
        """Logs with lines that are under way or wait, or were when an import ended."""
        rows = self._db.all(
            "SELECT DISTINCT s.log FROM batches b JOIN shares s ON s.batch = b.number"
            " WHERE b.site = ? AND b.state IN (?, ?)",
            self._db.site, BatchState.SENDING, BatchState.WAITING,
        )  # fmt: skip
        return {row[0] for row in rows}

    def in_state(self, state: BatchState) -> list[HitBatch]:
        """The batches in that state, the oldest first."""
        rows = self._db.all(
            f"SELECT {COLUMNS} FROM batches WHERE site = ? AND state = ? ORDER BY number",
            self._db.site, state,
        )  # fmt: skip
        return [batch_of(row) for row in rows]

    def doubtful(self) -> list[HitBatch]:
        """Batches that need somebody's word: in doubt, or with hits that are invalid."""
        rows = self._db.all(
            f"SELECT {COLUMNS} FROM batches WHERE site = ? AND resolved = ''"
            " AND (state IN (?, ?) OR (state = ? AND invalid > 0)) ORDER BY number",
            self._db.site, BatchState.QUARANTINED, BatchState.POISONED, BatchState.STORED,
        )  # fmt: skip
        return [batch_of(row) for row in rows]

    def refused(self, number: int) -> Iterator[Share]:
        """Its invalid lines where they are known, else the lines among which they are."""
        for log, refused, taken in self._db.all(
            "SELECT log, refused, taken FROM shares WHERE batch = ? AND invalid > 0 ORDER BY log",
            number,
        ):
            yield Share(log, unpacked_lines(taken if refused is None else refused))

    def of_number(self, number: int) -> HitBatch | None:
        """The batch of that number."""
        row = self._db.row(f"SELECT {COLUMNS} FROM batches WHERE number = ?", number)
        return None if row is None else batch_of(row)

    def shares(self, number: int) -> Iterator[Share]:
        """Its lines, log by log."""
        for log, taken in self._db.all(
            "SELECT log, taken FROM shares WHERE batch = ? ORDER BY log", number
        ):
            yield Share(log, unpacked_lines(taken))

    def of_log(self, log: int) -> list[tuple[HitBatch, int, int, int]]:
        """Batches with lines of a log, each with its first and last line there and their count."""
        columns = ", ".join(f"b.{one.strip()}" for one in COLUMNS.split(","))
        rows = self._db.all(
            f"SELECT {columns}, s.first_line, s.last_line, s.hits AS size FROM shares s"
            " JOIN batches b ON b.number = s.batch WHERE s.log = ? ORDER BY s.first_line",
            log,
        )
        return [(batch_of(row[:11]), *row[11:]) for row in rows]
