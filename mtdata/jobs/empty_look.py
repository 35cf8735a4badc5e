"""How long a look for work that found nothing need not be made again; it carries nothing."""

from __future__ import annotations

from collections.abc import Collection

from mtdata.core.clock import SystemClock
from mtdata.jobs.records import reaper
from mtdata.jobs.records.inside_django import Stamp, sqlite_stamp

HOLDS_S = 30.0
"""So long at most, whatever the clock of the wall does meanwhile."""


class EmptyLook:
    """What one slot knows from its last look, which found nothing that it could carry.

    There is something again when somebody commits, or when a part that was put off is due.  SQLite
    tells the first by a number in its file, a twentieth of the work of a look; of a database that
    tells no such number nothing is known, and each look is made.
    """

    def __init__(self, kinds: Collection[str]) -> None:
        self._kinds, self._ticks = kinds, SystemClock().ticks
        self._began, self._until = 0.0, 0.0
        self._stamp: Stamp | None = None

    def holds(self) -> bool:
        """Whether the next look would find nothing either; else it is to be made now.

        RecordsError where the records cannot be asked.
        """
        known, self._stamp, self._began = self._stamp, sqlite_stamp(), self._ticks()
        # another connection counts anew, and may come to the same number
        if self._stamp is not None and self._stamp == known and self._began < self._until:
            return True
        self._until = 0.0  # a fault may end the look
        return False

    def found_nothing(self) -> None:
        """Note that the look behind the last `holds` found nothing.  RecordsError."""
        if self._stamp is not None:
            looked = self._ticks()
            due_s = reaper.due_in_s(self._kinds, HOLDS_S, looked - self._began)
            self._until = looked + due_s
