"""A study's schedule as the pool keeps it: sessions and tasks; it asks no site, writes nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from mtdata.core.disk import FolderDisk
from mtdata.core.errors import PackageError, StorageError
from mtdata.core.pool_files import SCHEDULES
from mtdata.study.model.study_schedule import MAX_SCHEDULE, StudySchedule, schedules_of

_NAME = re.compile(r"Schedule-(\d{4}-\d{2}-\d{2})\.json", re.ASCII)
QUESTIONS = "questions"
"""The kind of a task that leaves one entry; others leave an entry for each trial."""


class PlannedTask(NamedTuple):
    """One task of a study's session; its scale is the task's name, `tag` is '' for none."""

    study: str
    session: str
    scale: str
    tag: str
    kind: str


class PoolSchedule(NamedTuple):
    """The newest schedule of a pool, and the day (ISO) on which it was taken, '' for none.

    The tasks of each study are in the order in which they are worked on.
    """

    day: str
    tasks: tuple[PlannedTask, ...] = ()

    def of_scale(self, scale: str) -> list[tuple[str, str]]:
        """Session and tag of each task of a scale, whatever its case, each once."""
        alike = [one for one in self.tasks if one.scale.casefold() == scale.casefold()]
        return list(dict.fromkeys((one.session, one.tag) for one in alike))

    def kinds(self) -> dict[str, str]:
        """What tasks of a scale are, by its name in small letters; '' where nobody says it."""
        return {task.scale.casefold(): task.kind for task in self.tasks}


NO_SCHEDULE = PoolSchedule("")


def newest_schedule(root: Path) -> PoolSchedule:
    """The newest one that the pool at `root` keeps, NO_SCHEDULE where it keeps none.

    StorageError (74) where it cannot be read or is no schedule.
    """
    disk = FolderDisk(root)
    named = [one for name in disk.names(SCHEDULES) if (one := _NAME.fullmatch(name))]
    if not named:
        return NO_SCHEDULE
    newest = max(named, key=lambda one: one[1])
    path = f"{SCHEDULES}/{newest[0]}"
    try:
        studies = schedules_of(disk.read(path, 0, MAX_SCHEDULE + 1))
    except PackageError as fault:
        raise StorageError(
            f"{root / path}: {fault}. No answer is in it: remove it, and the next round of the "
            "static scales keeps what the site tells now"
        ) from None
    return PoolSchedule(newest[1], tuple(task for study in studies for task in _tasks(study)))


def _tasks(study: StudySchedule) -> list[PlannedTask]:
    return [
        PlannedTask(study.name, session.name, task.name, task.tag or "", task.kind)
        for session in study.sessions
        for task in session.tasks
    ]
