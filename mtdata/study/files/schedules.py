"""The study's schedule in the pool: a file for each day on which the site told another one.

They are not the participants' answers: the ledger does not know them, and a round goes on without.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from mtdata.core.errors import PackageError, StorageError
from mtdata.core.pool_files import SCHEDULES
from mtdata.core.ports import Disk
from mtdata.study.model.study_schedule import MAX_SCHEDULE, StudySchedule, schedules_of

_NAME = re.compile(r"Schedule-(\d{4}-\d\d-\d\d)\.json", re.ASCII)
_WAITING = f"{SCHEDULES}/Schedule.json"
_STAGED = f"{SCHEDULES}/.Schedule.json.staged"
"""Under one name whatever the day, so that the next takes the place of what a killed round left."""


class KeptSchedule(NamedTuple):
    """What the site told first on that day, and until the day of the next one."""

    day: date
    studies: tuple[StudySchedule, ...]


class ScheduleFiles:
    """The schedules of one pool; every method raises StorageError where the disk refuses."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def days(self) -> list[date]:
        """The days of which there is one, the earliest first."""
        found = map(_NAME.fullmatch, self._disk.names(SCHEDULES))
        return sorted(day for one in found if one and (day := _day(one[1])))

    def keep(self, day: date, body: bytes) -> bool:
        """Keep a schedule as sent, durably; False where it is the last one up to that day.

        Another one of that day takes its place.  PackageError for what nobody could read later.
        """
        schedules_of(body)
        before = [one for one in self.days() if one <= day]
        if before and self._body(before[-1]) == body:
            self._drop_staged()
            return False
        self._disk.publish(self._disk.stage(_WAITING, [body]), _path(day))
        return True

    def _drop_staged(self) -> None:
        """What a cut before the old name was gone from the disk has left: the file has both."""
        if self._disk.size(_STAGED) is not None:
            self._disk.remove(_STAGED)

    def newest(self) -> KeptSchedule | None:
        """The last one; None where there is none.  StorageError for a file that is no schedule."""
        days = self.days()
        return self._read(days[-1]) if days else None

    def of(self, day: date) -> KeptSchedule | None:
        """The one that held on that day: the last up to it, else the first that there is.

        None where there is none, StorageError for a file that is no schedule.
        """
        days = self.days()
        before = [one for one in days if one <= day]
        return self._read(before[-1] if before else days[0]) if days else None

    def _read(self, day: date) -> KeptSchedule:
        try:
            return KeptSchedule(day, schedules_of(self._body(day)))
        except PackageError as fault:
            raise StorageError(
                f"{_path(day)}: {fault}. No answer is in it: remove it, and the next round of the "
                "static scales keeps what the site tells now"
            ) from None

    def _body(self, day: date) -> bytes:
        return self._disk.read(_path(day), 0, MAX_SCHEDULE + 1)


def _path(day: date) -> str:
    return f"{SCHEDULES}/Schedule-{day.isoformat()}.json"


def _day(word: str) -> date | None:
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None
