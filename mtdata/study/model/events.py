"""The ledger's events and the chain of digests that joins them; pure, and it never looks at a file.

An event says what one commit did, to which entries (by their numbers in the ledger, `seq`), and
holds no answer and no id.  Each has a head: SHA-256 over the head before it (32 zero bytes before
the first) and its own canonical bytes.  The head of a day is that of the day's last event, so it
stands for every event up to then; whoever has it can tell whether one was changed since.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple

NO_HEAD = bytes(32)
"""What stands before the first event."""
MOST_RUNS = 512
"""Runs of one event; what is scattered more is several events."""
SHOWN = 5
"""Places of a broken chain that are told one by one."""
_RUN = re.compile(r"\b([0-9]{1,19})(?:-([0-9]{1,19}))?\b", re.ASCII)
Run = tuple[int, int]
"""Entries by their seq, from the first to the last, both included."""


class EventKind(StrEnum):
    """What a commit did."""

    BEGUN = "begun"
    """The chain begins; what was before is told by another ledger, or was not recorded."""
    KEPT = "kept"
    """Raw bytes are durable, read back and matched."""
    FOUND = "found"
    """Raw bytes stood in the pool before this ledger knew of them."""
    ROWED = "rowed"
    """Lines of a sheet are durable, read back and matched: the rows are made and verified."""
    MATCHED = "matched"
    """Lines that stood in a sheet already were held against raw."""
    SAME_VALUES = "same values"
    """A newer version says what an older one says, whose row is the newer one's now."""
    HELD = "held"
    """No row can be made yet."""
    RELEASED = "released"
    """A person let held entries through."""
    ASKED = "asked"
    """Deletes are about to go out."""
    ANSWERED = "answered"
    """What the site said to them, which proves nothing."""
    GONE = "gone"
    """A whole listing does not show them any more."""
    BACK = "back"
    """A listing shows again what an earlier one proved gone."""
    SITE_UNKNOWN = "site unknown"
    """Nobody knows what the site still has, before the next listing: files were newer."""
    COPIED = "copied"
    """A replica confirmed copies of raw ranges."""
    UNCOPIED = "uncopied"
    """Copies were gone from a replica, or changed; they are owed again."""
    RAW_LOST = "raw lost"
    """Raw bytes came back as others than were kept."""
    RAW_BACK = "raw back"
    """A raw file is as it was kept again."""
    SET_ASIDE = "set aside"
    """A file is not as it was left, and is written no more."""
    PUT_BACK = "put back"
    """A file that was set aside is as it was left again."""
    ROWS_TAKEN_BACK = "rows taken back"
    """A sheet is given up; rows of it are made again from raw."""
    SHEET_REPLACED = "sheet replaced"
    """Rows of one sheet stand in another now, which took its place whole."""
    TABLE_KEPT = "table kept"
    """The raw bytes of a whole table, of a scale that stays, are durable, read back and matched."""
    TABLE_SHOWN = "table shown"
    """The sheet of such a table was made and took its place."""
    ERASED = "erased"
    """A person had them erased."""


class LedgerEvent(NamedTuple):
    """One event: its number (1, 2, 3 ... without a gap), when it was entered, what it was.

    `first` and `last` are the seq of the entries that it speaks of, None for none; `body` is one
    JSON object, `entries` in it the runs of all of them.
    """

    number: int
    entered_at: str
    event: str
    first: int | None
    last: int | None
    body: str

    def canonical(self) -> bytes:
        """One line of ASCII: the event as a JSON array without spaces, its body a text in it."""
        return json.dumps(self, separators=(",", ":")).encode()

    def head(self, before: bytes) -> bytes:
        """What joins it to the event before, of which this is the head."""
        return sha256(before + self.canonical()).digest()

    def says(self) -> dict[str, Any]:
        """What its body says; nothing for one that somebody changed into no such thing.

        The chain tells of that: who only wants to look must not end by it.
        """
        try:
            said = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}

    def speaks_of(self, seq: int) -> bool:
        """Whether that entry is one of those it speaks of."""
        runs = runs_in(str(self.says().get("entries", "")))
        return any(first <= seq <= last for first, last in runs)


class Linked(NamedTuple):
    """An event as it stands in a ledger, with the head that was entered with it."""

    event: LedgerEvent
    head: bytes


class DayHead(NamedTuple):
    """The last event of a day (UTC): its number, and its head in hexadecimal digits."""

    day: str
    events: int
    head: str


def body_of(says: Mapping[str, Any], runs: Sequence[Run] = ()) -> str:
    """The canonical text of an event's body."""
    said = {**says, "entries": text_of(runs)} if runs else says
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def runs_of(seqs: Iterable[int]) -> list[Run]:
    """Numbers as runs, in their order; those of a usual batch are one."""
    numbers = sorted(seqs)
    if not numbers:
        return []
    first, last = numbers[0], numbers[-1]
    if last - first + 1 == len(numbers):
        return [(first, last)]
    runs: list[Run] = []
    for number in numbers:
        if runs and runs[-1][1] + 1 >= number:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def text_of(runs: Iterable[Run]) -> str:
    """Runs as they stand in a body: `1-4,7`."""
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def runs_in(text: str) -> Iterator[Run]:
    """The runs of such a text; what is none in it is passed over."""
    for first, last in _RUN.findall(text):
        yield int(first), int(last or first)


def broken_links(chain: Iterable[Linked]) -> Iterator[str]:
    """Where a chain, read from its first event on, is not what was entered; nothing if it is.

    Each link is held against the head that stands before it, so that one changed event is told as
    one, and not as all that follow it.
    """
    number, head = 0, NO_HEAD
    for event, stands in chain:
        if event.number != number + 1:
            yield f"{_numbered(number + 1, event.number - 1)} missing before {event.entered_at}"
        elif event.head(head) != stands:
            yield f"event {event.number} of {event.entered_at} is not what was entered"
        number, head = event.number, stands


def _numbered(first: int, last: int) -> str:
    return f"event {first} is" if first == last else f"events {first} to {last} are"
