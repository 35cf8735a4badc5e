"""Evidence of damage in a pool: entered in its ledger the moment it is met, asked before deletes.

One rule: while an incident stands that speaks of damage, no delete goes out of that pool at all,
whatever is still proven, until `verify` was clean or a person closed it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from mtdata import logs
from mtdata.alerts.incident import DAMAGE, Incident, hinders
from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.incidents import Incidents
from mtdata.alerts.levels import level_of
from mtdata.core.errors import StorageError
from mtdata.core.past import past

UNCOPIED = (
    "entries have other raw bytes than were backed up, so they cannot be copied to a replica; they "
    "are fetched again while the site has them"
)
log = logging.getLogger(__name__)


class Evidence:
    """What speaks of damage in one pool."""

    def __init__(self, incidents: Incidents, now: Callable[[], datetime]) -> None:
        self._incidents, self._now = incidents, now

    def enter(self, kind: str, scale: str, detail: str) -> None:
        """Open the incident, or count it; StorageError when it cannot be: then nothing goes on."""
        self._incidents.raise_incident(kind, scale, detail, self._now())

    def enter_aloud(self, kind: str, scale: str, detail: str) -> None:
        """Enter it, and write it into the log, where no step tells of it at its end."""
        self.enter(kind, scale, detail)
        log_incident(kind, scale, detail)

    def against(self, scale: str) -> list[Incident]:
        """What forbids deletes of the scale: damage anywhere in the pool, or its own trouble."""
        return [one for one in self._incidents.open_incidents() if hinders(one, scale)]

    def close(self, all_read: Callable[[datetime, datetime], bool], begun: datetime) -> None:
        """Close what speaks of damage once every file was read whole since, and is well.

        `all_read` says whether all were, between two moments; `begun` is when this pass began.
        """
        now, before = self._now(), begun - timedelta(microseconds=1)
        for one in self._incidents.open_incidents():
            if one.kind not in DAMAGE:
                continue
            # seen by a clock that stood ahead, it was seen before this pass all the same
            if all_read(past(one.last_at, now) or before, now):
                self._incidents.close_as_mended(one.kind, one.scale, now)
                log.info("incident closed, for every file was read and is well: %s", one.kind)

    def code(self) -> int:
        """What a round ends with for what stands and hinders deletes: 74 damage, 1 else, 0 none."""
        kinds = {one.kind for one in self._incidents.open_incidents() if KINDS[one.kind].blocks}
        return StorageError.exit_code if kinds & DAMAGE else int(bool(kinds))


def log_incident(kind: str, scale: str, detail: str) -> None:
    """Write one line into the log about an incident that is entered elsewhere."""
    with logs.at(scale=scale):
        log.log(level_of(kind), "%s: %s", KINDS[kind].title, detail)


def words(found: Iterable[Incident]) -> list[str]:
    """Why nothing is deleted, a sentence an incident."""
    return [
        f"{KINDS[one.kind].title}{f' ({one.scale})' if one.scale else ''}, incident {one.number}: "
        + (
            "nothing is deleted on this site before `mtdata verify` finds all well or a person "
            f"closes it: `mtdata incidents SITE --close {one.number}`"
            if one.kind in DAMAGE
            else f"see `mtdata incidents`, then `mtdata incidents SITE --close {one.number}`"
        )
        for one in found
    ]
