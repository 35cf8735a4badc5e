"""The study's schedule as the pool keeps it: sessions and tasks; it asks no site, writes nothing.

`schedule/Schedule-<ISO day>.json` of a pool is what GET study said on that day.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from mtdata.core.disk import FolderDisk
from mtdata.core.errors import StorageError

FOLDER = "schedule"
LARGEST = 8 << 20
_NAME = re.compile(r"Schedule-(\d{4}-\d{2}-\d{2})\.json", re.ASCII)
QUESTIONS = "questions"
"""The type of a task that leaves one entry; others leave an entry for each trial."""


class _Told(BaseModel):
    """What a site tells more than this is of no use here."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class _TaskTold(_Told):
    name: str
    type: str | None = None
    tag: str | None = None


class _SessionTold(_Told):
    name: str
    index: int | None = None
    tasks: list[_TaskTold] = []


class _StudyTold(_Told):
    name: str | None = None
    sessions: list[_SessionTold] = []


class _ScheduleTold(_Told):
    studies: list[_StudyTold]


class PlannedTask(NamedTuple):
    """One task of a session; its name is that of a scale, `tag` is '' for none."""

    session: str
    scale: str
    tag: str
    type: str


class PlannedStudy(NamedTuple):
    """One study of the site: its name, and the tasks of each session, both in their order."""

    name: str
    sessions: dict[str, list[PlannedTask]]

    @property
    def tasks(self) -> list[PlannedTask]:
        """All tasks, in the order in which they are worked on."""
        return [task for tasks in self.sessions.values() for task in tasks]


class PoolSchedule(NamedTuple):
    """The newest schedule of a pool, and the day (ISO) on which it was taken, '' for none."""

    day: str
    studies: tuple[PlannedStudy, ...] = ()

    @property
    def tasks(self) -> list[PlannedTask]:
        """The tasks of all studies, each once."""
        return list(dict.fromkeys(task for study in self.studies for task in study.tasks))

    def types(self) -> dict[str, str]:
        """What tasks of a scale are, by its name in small letters; '' where nobody says it."""
        return {task.scale.casefold(): task.type for task in self.tasks}


NO_SCHEDULE = PoolSchedule("")


def newest_schedule(root: Path) -> PoolSchedule:
    """The newest one that the pool at `root` keeps, NO_SCHEDULE where it keeps none.

    StorageError (74) where it cannot be read or is no schedule.
    """
    disk = FolderDisk(root)
    named = [one for name in disk.names(FOLDER) if (one := _NAME.fullmatch(name))]
    if not named:
        return NO_SCHEDULE
    newest = max(named, key=lambda one: one[1])
    path = f"{FOLDER}/{newest[0]}"
    try:
        told = _ScheduleTold(studies=json.loads(disk.read(path, 0, LARGEST)))
    except (ValueError, RecursionError, ValidationError):
        raise StorageError(
            f"{root / path}: it is no schedule as the site tells it; nothing else is wrong. The "
            "next round of scales that stay takes it again once it is removed"
        ) from None
    return PoolSchedule(newest[1], tuple(map(_study, told.studies)))


def _study(told: _StudyTold) -> PlannedStudy:
    ordered = sorted(enumerate(told.sessions), key=_by_index)
    return PlannedStudy(
        told.name or "",
        {
            session.name: [_task(session.name, task) for task in session.tasks]
            for _, session in ordered
        },
    )


def _by_index(numbered: tuple[int, _SessionTold]) -> tuple[int, int]:
    number, session = numbered
    return (number if session.index is None else session.index), number


def _task(session: str, told: _TaskTold) -> PlannedTask:
    words: list[Any] = [session, told.name, told.tag or "", told.type or ""]
    return PlannedTask(*(word.strip() for word in words))
