"""How fast passwords may be tried: decided from what was counted; it asks no clock and no database.

Three counts, each of a time without a failure in it: of a name from an address, of an address, of
a name from anywhere.  The first two shut out for a while.  The third one only slows down, or every
stranger could shut anybody out; and where somebody has logged in before, it does not hold.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from typing import NamedTuple

WINDOW = timedelta(minutes=15)
OF_PAIR, OF_ADDRESS, OF_NAME = 5, 50, 5
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=0.25), timedelta(seconds=8)
LONGEST_WAIT = timedelta(seconds=10)
MOST_NAME = 255


class Count(NamedTuple):
    """What is known of one name, address or pair of both."""

    failures: int = 0
    last_at: datetime | None = None
    next_at: datetime | None = None
    """Of a name: before then it is nobody's turn."""
    known_at: datetime | None = None
    """Of a pair: when it was last somebody who logged in."""

    def within(self, now: datetime) -> int:
        """How many failures still count."""
        return self.failures if self.last_at and now - self.last_at < WINDOW else 0


class Turn(NamedTuple):
    """When a password may be looked at; `refused`: not before that, and it was not."""

    at: datetime
    refused: bool = False
    next_at: datetime | None = None


def pause(failures: int) -> timedelta:
    """Between two passwords for a name that failed so often."""
    if failures < OF_NAME:
        return timedelta()
    return min(FIRST_PAUSE * 2 ** min(failures - OF_NAME, 16), LONGEST_PAUSE)


def turn(now: datetime, pair: Count, address: Count, name: Count, most_wait: timedelta) -> Turn:
    """When one more password for this name from this address may be looked at."""
    if pair.within(now) >= OF_PAIR:
        return Turn((pair.last_at or now) + WINDOW, refused=True)
    if pair.known_at is not None:
        return Turn(now, next_at=name.next_at)
    if address.within(now) >= OF_ADDRESS:
        return Turn((address.last_at or now) + WINDOW, refused=True)
    slowed = pause(name.within(now))
    if not slowed:
        return Turn(now)
    at = max(now, name.next_at or now)
    return Turn(at, refused=at - now > most_wait, next_at=at + slowed)


def folded(name: str) -> str:
    """One form of all that a database may take for the same name: case, width, accents, blanks."""
    shown = unicodedata.normalize("NFKD", name[:MOST_NAME]).casefold()
    kept = (one for one in unicodedata.normalize("NFKD", shown) if not _is_nothing(one))
    return "".join(kept)


def _is_nothing(one: str) -> bool:
    return unicodedata.category(one) in ("Mn", "Me", "Cc", "Cf") or one.isspace()
