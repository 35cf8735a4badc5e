"""The incidents of a pool: shown, and closed because a person looked at them."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from mtdata.alerts.incident import Incident
from mtdata.config import SiteConfig
from mtdata.study.ledger import Ledger
from mtdata.study.operations.opening import look_into, refuse_stranger
from mtdata.study.status import overview


def incidents(site: SiteConfig, *, closed_too: bool) -> list[dict[str, Any]]:
    """Open incidents, or the newest of all."""
    with look_into(site) as pool:
        known = pool.ledger.incidents
        newest = known.incidents() if closed_too else known.open_incidents()
        return [overview.incident_json(incident) for incident in newest]


def closed_incidents(site: SiteConfig, before: int, most: int) -> list[Incident]:
    """At most so many closed incidents with a lower number, the newest first."""
    if not (site.path / Ledger.NAME).is_file():
        return []
    with closing(Ledger(site.path / Ledger.NAME)) as ledger:
        return ledger.incidents.closed(before, most)


def close_incident(site: SiteConfig, number: int) -> bool:
    """Close an incident by hand."""
    refuse_stranger(site)
    with look_into(site) as pool:
        return pool.ledger.incidents.close_by_hand(number, pool.clock.now())
