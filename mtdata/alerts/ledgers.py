"""Whose incidents there are, read and closed through the ledger of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Protocol

from mtdata.alerts.incident import Incident
from mtdata.alerts.incidents import Incidents
from mtdata.core.clock import SystemClock
from mtdata.core.sqlite import LedgerDatabase


class IncidentLedger(Protocol):
    """The ledger of a site, or of the program, that may be there."""

    def is_there(self) -> bool:
        """Whether there is one; StorageError where that is hidden from us."""
        ...

    def open(self) -> LedgerDatabase | None:
        """The ledger, opened; None where there is none yet.

        StorageError where it cannot be read, or was there and is away.
        """
        ...

    def refuse_closing(self, number: int) -> None:
        """OwnerError or UsageError where nobody may close that incident from here."""
        ...


IncidentLedgers = Mapping[str, IncidentLedger]
"""By the name of whose they are."""


@contextmanager
def _opened(of: IncidentLedger) -> Iterator[Incidents | None]:
    ledger = of.open()
    if ledger is None:
        yield None
        return
    with closing(ledger):
        yield Incidents(ledger)


def open_incidents(of: IncidentLedger) -> list[Incident] | None:
    """The incidents that last, the oldest first; None where there is no ledger yet."""
    with _opened(of) as found:
        return found.open_incidents() if found else None


def newest_incidents(of: IncidentLedger) -> list[Incident] | None:
    """The newest of all, open and closed; None where there is no ledger yet."""
    with _opened(of) as found:
        return found.incidents() if found else None


def closed_incidents(of: IncidentLedger, before: int, most: int) -> list[Incident]:
    """At most so many closed ones with a lower number, the newest first."""
    with _opened(of) as found:
        return found.closed(before, most) if found else []


def close_incident(of: IncidentLedger, number: int) -> bool:
    """Close an open one because a person looked at it; False when it is not open."""
    of.refuse_closing(number)
    with _opened(of) as found:
        return found is not None and found.close_by_hand(number, SystemClock().now())
