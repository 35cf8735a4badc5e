"""The ledger's events, each entered in the commit that it tells of; none is changed or removed.

One for a batch, not for an entry: a round of many rows pays for it no more than for a few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.ledger.kept_counts import KeptCounts
from mtdata.study.ledger.schema import LedgerPart
from mtdata.study.model.events import (
    MOST_RUNS,
    NO_HEAD,
    DayHead,
    EventKind,
    LedgerEvent,
    Linked,
    Run,
    body_of,
)

PAGE = 1024
_EVENT = "number, entered_at, event, first, last, body"
NEW, OLDER, FILES = (
    "a new ledger",
    "an older program's ledger: what it did before is not recorded as events",
    "a ledger made from the files of the pool: what was before stands in the ledger before it",
)
"""Why a chain begins."""


class EventChain(LedgerPart):
    """The chain of one ledger: what is entered, and what it says."""

    def __init__(
        self, connection: LedgerDatabase, now: Callable[[], datetime], *, only_look: bool = False
    ) -> None:
        """`now` is asked when an event is entered: that is when its commit is made.

        Who can `only_look` enters none.
        """
        super().__init__(connection)
        self._now = now
        # asked before the first event is entered: its commit brings files and entries with it
        older = "SELECT 1 WHERE EXISTS (SELECT 1 FROM files) AND NOT EXISTS (SELECT 1 FROM events)"
        self._why = OLDER if not only_look and connection.row(older) else NEW

    def enter(self, kind: EventKind, runs: Sequence[Run] = (), **says: Any) -> None:
        """Enter what the commit in hand does, to these entries; within that commit.

        `says` is what else there is to say, in values of JSON: no answer, no id, no secret.
        """
        for place in range(0, max(1, len(runs)), MOST_RUNS):
            self._append(kind, runs[place : place + MOST_RUNS], says)

    def begin_from_files(self, head_before: str | None) -> None:
        """Commit that the chain begins with a ledger made from files; the one before ended there.

        `head_before` is the last head of the ledger before, None where it could not be read.
        """
        self._why = FILES
        with self._db.commit():
            self._begin({"head_before": head_before})

    def _append(self, kind: EventKind, runs: Sequence[Run], says: dict[str, Any]) -> bytes:
        last = self._db.row("SELECT number, head FROM events ORDER BY number DESC LIMIT 1")
        if last is None and kind is not EventKind.BEGUN:
            last = (1, self._begin({}))
        number, before = last or (0, NO_HEAD)
        first_seq, last_seq = (runs[0][0], runs[-1][1]) if runs else (None, None)
        at = self._now().astimezone(UTC).isoformat()
        event = LedgerEvent(number + 1, at, kind.value, first_seq, last_seq, body_of(says, runs))
        head = event.head(before)
        self._db.run("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", *event, head)
        return head

    def _begin(self, says: dict[str, Any]) -> bytes:
        return self._append(EventKind.BEGUN, (), {"why": self._why, **says})

    def runs(self, seqs: str, *values: Any) -> list[Run]:
        """The entries that a question names (`SELECT seq ...`), as runs."""
        island = f"SELECT seq, seq - row_number() OVER (ORDER BY seq) AS island FROM ({seqs})"
        runs = f"SELECT min(seq), max(seq) FROM ({island}) GROUP BY island ORDER BY 1"
        return [(int(first), int(last)) for first, last in self._db.all(runs, *values)]

    # what it says ---------------------------------------------------------------------------------

    def chain(self) -> Iterator[Linked]:
        """Every event with its head, from the first on."""
        after = 0
        page = f"SELECT {_EVENT}, head FROM events WHERE number > ? ORDER BY number LIMIT {PAGE}"
        while rows := self._db.all(page, after):
            for *event, head in rows:
                yield Linked(LedgerEvent._make(event), head)
            after = rows[-1][0]

    def of_entry(self, seq: int) -> list[LedgerEvent]:
        """The events that speak of an entry, in order."""
        spanning = "first <= ?1 AND last >= ?1 ORDER BY number"
        rows = self._db.all(f"SELECT {_EVENT} FROM events WHERE {spanning}", seq)
        return [event for event in map(LedgerEvent._make, rows) if event.speaks_of(seq)]

    def head_of(self, number: int) -> str | None:
        """The head of that event in hexadecimal digits, None where there is no such event."""
        row = self._db.row("SELECT head FROM events WHERE number = ?", number)
        return None if row is None else row[0].hex()

    def day_heads(self) -> list[DayHead]:
        """The head of each day, in the order of the chain; a day twice where a clock was set back.

        The day in hand has the head of its last event so far.
        """
        rows = self._db.all(
            "SELECT substr(e.entered_at, 1, 10) AS day, e.number, e.head FROM events e"
            " LEFT JOIN events n ON n.number = e.number + 1 WHERE n.number IS NULL"
            " OR substr(n.entered_at, 1, 10) <> substr(e.entered_at, 1, 10) ORDER BY e.number"
        )
        return [DayHead(day, number, head.hex()) for day, number, head in rows]


class RecordedPart(LedgerPart):
    """Tables of which each change is entered as an event, in the commit that makes it."""

    def __init__(self, connection: LedgerDatabase, events: EventChain) -> None:
        super().__init__(connection)
        self._events, self._counts = events, KeptCounts(connection)
