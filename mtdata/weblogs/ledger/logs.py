"""What the ledger knows of each log: how far it was taken, and why lines of it were left out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from mtdata.alerts.incidents import moment_of
from mtdata.core.errors import BusyError
from mtdata.core.sqlite import question_marks
from mtdata.weblogs.ledger.lines import LineSet, unpacked_lines
from mtdata.weblogs.ledger.port import LineDatabase
from mtdata.weblogs.ledger.schema import LogState, log_digest

COLUMNS = (
    "number, bucket, key, day, etag, size, modified_at, format, state, reason, lines, ending,"
    " digest, skipped, again, turn, read_at, pushed_at"
)
MOST_ASKED = 500
"""Values of one statement: some databases take no more than 999."""
TAKEN_OVER = (
    "another import has taken this log over; this one ends here and sends nothing more of it. What "
    "went out is in the ledger"
)


class LogIdentity(NamedTuple):
    """A log in its bucket, as it was listed."""

    bucket: str
    key: str
    etag: str
    size: int
    modified: datetime


class Mark(NamedTuple):
    """How far a log was taken: lines, plain bytes and their SHA-256; lines left out, by reason."""

    lines: int
    end: int
    digest: bytes
    skipped: Mapping[str, int]


class Log(NamedTuple):
    """A log, as the ledger has it."""

    number: int
    identity: LogIdentity
    day: date
    format: str
    state: LogState
    reason: str
    mark: Mark
    again: int
    """How often lines before the mark were given back that wait to be sent again."""
    turn: bytes
    read_at: datetime | None
    pushed_at: datetime | None

    def is_whole(self, identity: LogIdentity) -> bool:
        """Whether there is nothing more to take from the log as it is listed now."""
        same = self.identity[:4] == identity[:4]
        return same and not self.again and self.state in (LogState.DONE, LogState.CHANGED)


def log_of(row: tuple[Any, ...]) -> Log:
    """The log that a row of an answer is, by COLUMNS."""
    number, bucket, key, day, etag, size, modified, form, state, reason = row[:10]
    lines, end, digest, skipped, again, turn, read, pushed = row[10:]
    return Log(
        number,
        LogIdentity(bucket, key, etag, size, datetime.fromisoformat(modified)),
        date.fromisoformat(day),
        form,
        LogState(state),
        reason,
        Mark(lines, end, digest, json.loads(skipped)),
        again,
        turn,
        moment_of(read),
        moment_of(pushed),
    )


def new_log(number: int, identity: LogIdentity, day: date) -> Log:
    """A log of which nothing is taken yet."""
    mark = Mark(0, 0, b"", {})
    return Log(number, identity, day, "", LogState.OPEN, "", mark, 0, b"", None, None)


class Logs:
    """The logs of one site; whoever changes one has its turn, and says so."""

    def __init__(self, database: LineDatabase, turn: bytes) -> None:
        self._db, self._turn = database, turn

    def find(self, bucket: str, key: str) -> Log | None:
        """The log of that key."""
        where = self._db.site, log_digest(bucket, key)
        row = self._db.row(f"SELECT {COLUMNS} FROM logs WHERE site = ? AND place = ?", *where)
        return None if row is None else log_of(row)

    def of_number(self, number: int) -> Log:
        """The log of that number.  KeyError where there is none."""
        row = self._db.row(f"SELECT {COLUMNS} FROM logs WHERE number = ?", number)
        if row is None:
            raise KeyError(number)
        return log_of(row)

    def of_day(self, day: date) -> list[Log]:
        """The logs of a day, by key."""
        which = self._db.site, str(day)
        rows = self._db.all(f"SELECT {COLUMNS} FROM logs WHERE site = ? AND day = ?", *which)
        # each database has an order of texts of its own
        return sorted((log_of(row) for row in rows), key=lambda log: log.identity[:2][::-1])

    def days(self) -> list[date]:
        """The days of which there are logs."""
        rows = self._db.all("SELECT DISTINCT day FROM logs WHERE site = ?", self._db.site)
        return [date.fromisoformat(row[0]) for row in rows]

    def take(self, identity: LogIdentity, day: date) -> Log:
        """Enter a log, or what it is listed as now, and take its turn; within a commit."""
        when = identity.modified.isoformat()
        known = self.find(identity.bucket, identity.key)
        if known is None:
            number = self._db.insert(
                "INSERT INTO logs (site, place, bucket, key, day, etag, size, modified_at, format,"
                " state, reason, lines, ending, digest, skipped, again, turn)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?, '', 0, 0, ?, '{}', 0, ?)",
                self._db.site, log_digest(*identity[:2]), *identity[:2], str(day), *identity[2:4],
                when, LogState.OPEN, b"", self._turn,
            )  # fmt: skip
            return self.of_number(number)
        self._db.run(
            "UPDATE logs SET etag = ?, size = ?, modified_at = ?, turn = ?, state = ?,"
            " reason = '' WHERE number = ?",
            *identity[2:4], when, self._turn, LogState.OPEN, known.number,
        )  # fmt: skip
        return self.of_number(known.number)

    def check_turns(self, numbers: Sequence[int]) -> None:
        """BusyError where another import has taken one of these over; within a commit."""
        for start in range(0, len(numbers), MOST_ASKED):
            some = numbers[start : start + MOST_ASKED]
            marks = question_marks(some)
            which = f"SELECT count(*) AS number FROM logs WHERE turn = ? AND number IN ({marks})"
            if self._db.row(which, self._turn, *some) != (len(some),):
                raise BusyError(TAKEN_OVER)

    def advance(self, number: int, mark: Mark) -> None:
        """Every line up to the mark is in a batch or left out for a reason; within a commit."""
        skipped = json.dumps(mark.skipped, sort_keys=True)
        what = "lines = ?, ending = ?, digest = ?, skipped = ?"
        self._change(number, what, mark.lines, mark.end, mark.digest, skipped)

    def caught_up(self, number: int, again: int) -> None:
        """What had been given back so often is in batches again; within a commit."""
        self._change(number, "again = again - ?", again)

    def end(
        self, number: int, state: LogState, at: datetime, reason: str = "", form: str = ""
    ) -> None:
        """Say how reading it ended, and in which format it is; within a commit."""
        what = "state = ?, reason = ?, read_at = ?"
        self._change(number, what, state, reason, at.isoformat())
        if form:
            self._change(number, "format = ?", form)

    def _change(self, number: int, what: str, *values: Any) -> None:
        """BusyError where another import has taken the log over."""
        what = f"UPDATE logs SET {what} WHERE number = ? AND turn = ?"
        if self._db.run(what, *values, number, self._turn) != 1:
            raise BusyError(TAKEN_OVER)

    def forget(self, number: int) -> None:
        """Nothing of the log was ever taken, as far as the ledger knows; within a commit."""
        self._db.run("DELETE FROM logs WHERE number = ?", number)

    def lines_taken(self, log: Log) -> LineSet:
        """Lines that are in a batch: all of those behind the mark, and before it if some wait."""
        taken = LineSet()
        after = 0 if log.again else log.mark.lines
        last = after
        while rows := self._db.all(
            "SELECT last_line, batch, taken FROM shares WHERE log = ? AND last_line > ?"
            " ORDER BY last_line LIMIT 500",
            log.number,
            last,
        ):
            for row in rows:
                taken.add(unpacked_lines(row[2]))
            last = rows[-1][0]
        return taken
