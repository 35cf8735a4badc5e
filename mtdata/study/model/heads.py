"""The heads of a ledger's days as a file that is signed and given out; pure, it signs nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from mtdata.study.model.events import DayHead

FORMAT = "mtdata heads 1"


class SignedHeads(NamedTuple):
    """What was signed: whose chain, when, and the head of each of its days.

    `chain` is the head of its first event, in hexadecimal digits: another ledger has another one.
    """

    site: str
    chain: str
    signed_at: datetime
    days: tuple[DayHead, ...]

    def text(self) -> bytes:
        """The file, canonical: JSON in ASCII, sorted, a line a value, a line end behind it."""
        shown = {
            "format": FORMAT,
            "site": self.site,
            "chain": self.chain,
            "signed_at": self.signed_at.isoformat(),
            "days": [day._asdict() for day in self.days],
        }
        return (json.dumps(shown, indent=1, sort_keys=True) + "\n").encode()


def heads_of(text: bytes) -> SignedHeads:
    """The heads in a file whose signature was checked: that alone says it is one of ours.

    ValueError for one of another format, which another version of the program signed.
    """
    said = json.loads(text)
    if said["format"] != FORMAT:
        raise ValueError("another format")
    days = tuple(DayHead(**day) for day in said["days"])
    return SignedHeads(said["site"], said["chain"], datetime.fromisoformat(said["signed_at"]), days)


def departure(signed: SignedHeads, head_of: Callable[[int], str | None]) -> str:
    """Where a ledger has other events than were signed, in words; '' when it has them all.

    `head_of` tells the head of any of its events.  The words are the same as long as the fault is.
    """
    when = signed.signed_at.isoformat(timespec="seconds")
    if head_of(1) != signed.chain:
        return (
            f"the heads that were signed at {when} are those of another ledger: this one was made "
            "again, or another was put here. If that was meant, `mtdata receipts export` signs this"
        )
    for day in signed.days:
        if head_of(day.events) != day.head:
            return (
                f"event {day.events}, the last of {day.day}, is not the one whose head was signed "
                f"at {when}: events were cut off or written anew, or an older ledger was put back"
            )
    return ""
