"""The archived reports of the stand-in for Matomo, and what core:archive says of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from mtdata.demo.weblogs.settings import MatomoSettings
from mtdata.demo.weblogs.store import HitStore

TODAY_KEPT = timedelta(minutes=15)


class ArchiveRun(NamedTuple):
    """What core:archive printed, and the code that it exits with."""

    log: str
    exit_code: int


class _Archive(NamedTuple):
    made_at: datetime
    figures: dict[str, int]


class MatomoArchives:
    """Reports by site and day: of a day that is over as of its last archiving; thread-safe.

    The report of today is made once in 15 minutes, whoever asks.
    """

    def __init__(
        self, settings: MatomoSettings, store: HitStore, now: Callable[[], datetime]
    ) -> None:
        self._settings, self._store, self._now = settings, store, now
        self._archives: dict[tuple[int, date], _Archive] = {}
        self._lock = threading.Lock()

    def today(self, idsite: int) -> date:
        """The day that it is in the zone of a site."""
        zone = ZoneInfo(self._settings.websites[idsite].timezone)
        return self._now().astimezone(zone).date()

    def report(self, idsite: int, day: date) -> dict[str, int]:
        """The figures of a day; without browser archiving as they were archived, else 0."""
        with self._lock:
            if self._settings.browser_archiving:
                self._archive(idsite, day)
            archive = self._archives.get((idsite, day))
        if archive is None:
            return dict.fromkeys(self._store.day_report(idsite, day), 0)
        return archive.figures

    def _archive(self, idsite: int, day: date) -> bool:
        """Make a report anew; False for one of today that is fresh enough."""
        archive = self._archives.get((idsite, day))
        fresh = archive is not None and self._now() - archive.made_at < TODAY_KEPT
        if fresh and day == self.today(idsite):
            return False
        figures = self._store.day_report(idsite, day)
        self._archives[idsite, day] = _Archive(self._now(), figures)
        return True

    def run(self) -> ArchiveRun:
        """Do what core:archive does."""
        if not self._settings.database_up:
            return ArchiveRun(_line("ERROR", "SQLSTATE[HY000] [2002] Connection refused"), 255)
        if self._settings.maintenance_mode:
            said = "Archiving won't run because maintenance mode is enabled"
            return ArchiveRun(_line("INFO", said), 0)
        lines = ["START", "Starting Matomo reports archiving..."]
        archived = 0
        with self._lock:
            for idsite, day in self._store.take_changed():
                if self._archive(idsite, day):
                    archived += 1
                    lines.append(_archived_line(idsite, day, self._archives[idsite, day]))
                else:
                    self._store.put_back(idsite, day)
        lines += ["Done archiving!", "---------------------------", "SUMMARY"]
        lines += [f"Processed {archived} archives.", f"Total API requests: {archived}"]
        lines += [f"done: {archived} req, {archived * 100} ms, no error"]
        return ArchiveRun("".join(_line("INFO", line) for line in lines), 0)


def _archived_line(idsite: int, day: date, archive: _Archive) -> str:
    visits = archive.figures["nb_visits"]
    return (
        f"Archived website id {idsite}, period = day, date = {day}, segment = '', "
        f"{visits} visits found. Time elapsed: 0.100s"
    )


def _line(level: str, text: str) -> str:
    return f"{level:<9} {text}\n"
