"""The slots of the daemon: begun once somebody keeps records; until then no database is loaded."""

from __future__ import annotations

import logging
import os
from typing import Protocol

from mtdata.config import Settings
from mtdata.jobs.duty import Duties, KindsOf

log = logging.getLogger(__name__)


class Carrying(Protocol):
    """A runner at work in the daemon."""

    def stop(self, within_s: float) -> bool:
        """Hand back what is in hand; whether all of it ended within so many seconds."""
        ...


def are_wanted(settings: Settings) -> bool:
    """Whether the daemon is to carry jobs, and there are records to look into."""
    how, where = settings.programme, settings.database
    if how.engine != "embedded" or not how.slots:
        return False
    return where.is_shared or os.path.exists(where.name)


def start_slots(settings: Settings, duties: Duties) -> Carrying | None:
    """The slots at work; None where they are not wanted.  RecordsError: not now."""
    if not are_wanted(settings):
        return None
    from mtdata.jobs.runner import JobRunner  # here: the records bring Django along

    slots = JobRunner(settings, KindsOf(duties))
    slots.start()
    log.info("the daemon carries jobs too, %d at a time", settings.programme.slots)
    return slots
