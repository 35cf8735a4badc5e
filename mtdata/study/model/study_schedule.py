"""The sessions and tasks of a study as its site tells them (GET study), typed; no I/O.

What lacks a name is refused as a whole: a schedule without one of its tasks would call it complete
when it is not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mtdata.core.control import on_one_line
from mtdata.core.errors import PackageError
from mtdata.study.model.bounds import MAX_ID, refusal

MAX_SCHEDULE = 1_000_000
"""Bytes; that of a large study has some 20,000."""
MAX_NAME = 200
"""Characters of a name, a type or a tag."""


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """One task of a session: that of a scale of this name, where it is a questionnaire.

    `kind` is the site's own word ("questions", "angular"), '' where it has none.  A session may
    have one name twice, with other tags.
    """

    name: str
    kind: str
    tag: str | None


@dataclass(frozen=True, slots=True)
class ScheduledSession:
    """One session with its tasks in their order; `index` counts from 0, `title` is for people."""

    name: str
    title: str
    index: int
    tasks: tuple[ScheduledTask, ...]


@dataclass(frozen=True, slots=True)
class StudySchedule:
    """One study of the site, its sessions by index."""

    name: str
    sessions: tuple[ScheduledSession, ...]


def schedules_of(body: bytes) -> tuple[StudySchedule, ...]:
    """Every study that a schedule as sent tells of.

    PackageError, which quotes nothing of it, for what is too large, no JSON, or no schedule.
    """
    if len(body) > MAX_SCHEDULE:
        raise PackageError(f"the schedule is larger than {MAX_SCHEDULE:,} bytes")
    if why := refusal(body):
        raise PackageError(f"the schedule cannot be read: {why}")
    try:
        found = json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise PackageError("the schedule is no JSON in UTF-8") from None
    return tuple(_study(one) for one in _objects(found, "the schedule"))


def _study(found: dict[str, Any]) -> StudySchedule:
    told = enumerate(_objects(found.get("sessions"), "the sessions of a study"))
    sessions = [_session(place, one) for place, one in told]
    return StudySchedule(_name(found, "a study"), tuple(sorted(sessions, key=_by_index)))


def _session(place: int, found: dict[str, Any]) -> ScheduledSession:
    what = f"session {place + 1}"
    name = _name(found, what)
    title = _text(found.get("displayName")) or name
    tasks = _objects(found.get("tasks"), f"the tasks of {what}")
    index = _index_or(found.get("index"), place)
    return ScheduledSession(name, title, index, tuple(_task(one, what) for one in tasks))


def _index_or(index: object, place: int) -> int:
    """What the site calls the place of a session; where it stands if that is no whole number."""
    return index if type(index) is int and 0 <= index <= MAX_ID else place


def _task(found: dict[str, Any], where: str) -> ScheduledTask:
    name = _name(found, f"a task of {where}")
    return ScheduledTask(name, _text(found.get("type")) or "", _text(found.get("tag")))


def _by_index(session: ScheduledSession) -> int:
    return session.index


def _name(found: dict[str, Any], what: str) -> str:
    name = _text(found.get("name"))
    if not name:
        raise PackageError(f"the schedule: {what} has no name of 1 to {MAX_NAME} characters")
    return name


def _text(value: object) -> str | None:
    """A text that fits on a line; None for anything else, null included."""
    fits = isinstance(value, str) and len(value) <= MAX_NAME and on_one_line(value) == value
    return value if fits and isinstance(value, str) else None


def _objects(found: object, what: str) -> list[dict[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise PackageError(f"the schedule: {what} is no JSON array of objects")
    return found


def _no_number(word: str) -> None:
    raise ValueError(word)
