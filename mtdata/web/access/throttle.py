"""How fast passwords may be tried: decided from what was counted; it asks no clock and no database.

Counts, each of a time without a failure in it: of a name from an address, of an address, of a name
from anywhere, and where an instance is asked for strangers, of that instance.  The first shuts out
for a while, and so does an address with very many.  The others only slow down, or every stranger
could shut anybody out; and where somebody has logged in before, none of them holds.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from typing import NamedTuple


class Budget(NamedTuple):
    """So many failures are free; then each costs a pause, twice as long as the one before."""

    free: int
    first: timedelta
    longest: timedelta

    def pause(self, failures: int) -> timedelta:
        """Between two tries after so many failures."""
        if failures < self.free:
            return timedelta()
        return min(self.first * 2 ** min(failures - self.free, 16), self.longest)


WINDOW = timedelta(minutes=15)
OF_PAIR, OF_ADDRESS = 5, 50
OF_NAME = Budget(5, timedelta(seconds=0.25), timedelta(seconds=8))
OF_GUESTS = Budget(10, timedelta(seconds=4), WINDOW)
"""Of an address from which people log in at an instance."""
OF_INSTANCE = Budget(20, timedelta(seconds=1), timedelta(minutes=1))
"""Of an instance, whoever asks."""
LONGEST_WAIT = timedelta(seconds=10)
MOST_NAME = 255


class Count(NamedTuple):
    """What is known of one name, address, pair of both, or instance."""

    failures: int = 0
    last_at: datetime | None = None
    next_at: datetime | None = None
    """But of a pair: before then it is nobody's turn."""
    known_at: datetime | None = None
    """Of a pair: when it was last somebody who logged in."""

    def within(self, now: datetime) -> int:
        """How many failures still count."""
        return self.failures if self.last_at and now - self.last_at < WINDOW else 0


class LoginTurn(NamedTuple):
    """When a password may be looked at; `refused`: not before that, and it was not.

    `next` is when the next one may be, by address, name and instance; None leaves that as it is.
    """

    at: datetime
    refused: bool = False
    next: tuple[datetime | None, ...] = (None, None, None)


def login_turn(
    now: datetime,
    pair: Count,
    address: Count,
    name: Count,
    most_wait: timedelta,
    instance: Count | None = None,
) -> LoginTurn:
    """When one more password for this name from this address may be looked at.

    `instance` is the instance that is asked about it, where one is.
    """
    if pair.within(now) >= OF_PAIR:
        return LoginTurn((pair.last_at or now) + WINDOW, refused=True)
    if pair.known_at is not None:
        return LoginTurn(now)
    if address.within(now) >= OF_ADDRESS:
        return LoginTurn((address.last_at or now) + WINDOW, refused=True)
    slowed = (
        (address, OF_GUESTS.pause(address.within(now)) if instance else timedelta()),
        (name, OF_NAME.pause(name.within(now))),
        (instance or Count(), OF_INSTANCE.pause(instance.within(now)) if instance else timedelta()),
    )
    waits = [count.next_at for count, pause in slowed if pause and count.next_at]
    at = max([now, *waits])
    later = tuple(at + pause if pause else None for _, pause in slowed)
    return LoginTurn(at, refused=at - now > most_wait, next=later)


def folded_name(name: str) -> str:
    """One form of all that a database may take for the same name: case, width, accents, blanks."""
    shown = unicodedata.normalize("NFKD", name[:MOST_NAME]).casefold()
    kept = (one for one in unicodedata.normalize("NFKD", shown) if not _is_nothing(one))
    return "".join(kept)


def _is_nothing(one: str) -> bool:
    return unicodedata.category(one) in ("Mn", "Me", "Cc", "Cf") or one.isspace()
