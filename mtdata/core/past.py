"""What lies in the future proves nothing: the one rule of which stored time counts; pure.

A clock that stood ahead leaves times in ledgers, records and files.  Whoever holds such a time
against now asks here first: a last success, a last reading, a last telling.
"""

from __future__ import annotations

from datetime import datetime, timedelta

SLACK = timedelta(minutes=5)
"""Clocks that are set right, and those of two machines, may differ by so much."""


def past(moment: datetime | None, now: datetime) -> datetime | None:
    """The moment if it counts, now at the latest; None for none, and for one in the future."""
    if moment is None or moment - now > SLACK:
        return None
    return min(moment, now)


def latest_counted(now: datetime) -> datetime:
    """The last moment that counts, to ask a database by."""
    return now + SLACK
