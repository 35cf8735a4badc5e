"""The open incidents of every site and of the program, those of one ledger whatever of another."""

from __future__ import annotations

from django.conf import settings

from mtdata.alerts.incident import Incident
from mtdata.alerts.ledgers import IncidentLedgers, open_incidents
from mtdata.config import Settings
from mtdata.core.errors import MTDataError
from mtdata.jobs.duty import all_ledgers
from mtdata.web.cached_look import CachedLook
from mtdata.web.room import rooms_of


def open_of(wanted: IncidentLedgers) -> tuple[dict[str, list[Incident]], dict[str, str]]:
    """What is open of each, and what is wrong with the ledgers that cannot be read."""
    found: dict[str, list[Incident]] = {}
    faults: dict[str, str] = {}
    for name, ledger in wanted.items():
        try:
            found[name] = open_incidents(ledger) or []
        except (MTDataError, OSError) as error:
            faults[name] = str(error)
    return found, faults


def _open_of_all(ours: Settings) -> dict[str, list[Incident]]:
    """In the order of the ledgers; those that were just looked into are not opened once more."""
    known: dict[str, list[Incident]] = {}
    for room in rooms_of(settings.MTDATA_DUTIES):
        known |= {name: list(found) for name, found in room.known_incidents(ours).items()}
    ledgers = all_ledgers(settings.MTDATA_DUTIES, ours)
    read = open_of({name: ledger for name, ledger in ledgers.items() if name not in known})[0]
    found = known | read
    return {name: found[name] for name in ledgers if name in found}


open_of_all = CachedLook(_open_of_all)
"""What is open by the name of the site, read at most once in a few seconds."""


def forget() -> None:
    """Something was changed here: look anew when next asked."""
    open_of_all.forget()
    for room in rooms_of(settings.MTDATA_DUTIES):
        room.forget()
