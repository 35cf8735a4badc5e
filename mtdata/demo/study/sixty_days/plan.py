"""Who takes part in the study of sixty days, on which days, and how far; the same for every seed.

The seed of a pool changes answers, never who did what and when: what is planted can be listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

from mtdata.demo.study.site import SITE_ZONE

STUDY = "calm"
FIRST_DAY, DAYS = date(2018, 3, 12), 60
EMPTY_DAY = 21
"""Nobody came on it."""
COMPLETE = "SESSION_COMPLETE"
TRAINING, CONTROL = "TRAINING", "CONTROL"

_Tasks = tuple[tuple[str, str | None], ...]
TASKS: dict[str, _Tasks] = {
    "PRE": (
        ("Demographics", None),
        ("Credibility", None),
        ("DASS21_AS", "pre"),
        ("DASS21_DS", "pre"),
        ("QOL", "pre"),
        ("BBSIQ", "pre"),
        ("PHQ4", None),
        ("GAD7", None),
        ("AUDIT", "pre"),
        ("OASIS", "pre"),
    ),
    "SESSION1": (("JsPsychTrial", "training"), ("PHQ4", None), ("OASIS", None)),
    "SESSION2": (
        ("OASIS", "pre"),
        ("JsPsychTrial", "training"),
        ("QOL", None),
        ("BBSIQ", None),
        ("OASIS", "post"),
    ),
    "SESSION3": (
        ("JsPsychTrial", "training"),
        ("DASS21_AS", None),
        ("DASS21_DS", None),
        ("QOL", None),
        ("GAD7", None),
        ("OASIS", None),
    ),
    "SESSION4": (
        ("JsPsychTrial", "training"),
        ("QOL", None),
        ("BBSIQ", None),
        ("Credibility", None),
        ("OASIS", None),
    ),
    "POST": (
        ("DASS21_AS", "post"),
        ("DASS21_DS", "post"),
        ("QOL", "post"),
        ("BBSIQ", "post"),
        ("PHQ4", None),
        ("GAD7", None),
        ("AUDIT", "post"),
        ("OASIS", "post"),
    ),
}
"""Session -> its tasks, as (scale, tag), in their order; SESSION2 has one scale twice."""
SESSIONS = tuple(TASKS)
_APART = dict(zip(SESSIONS, (0, 1, 8, 15, 22, 30), strict=True))
"""Days from the first session of a participant to each."""

REACHED = (
    *[(6, 0)] * 18,
    *[(1, 0)] * 5,
    *[(1, 2)] * 2,
    *[(2, 0)] * 4,
    *[(2, 3)] * 3,
    *[(3, 0)] * 2,
    *[(4, 0)] * 3,
    *[(5, 4)] * 3,
)
"""Whole sessions, and tasks of the one after them, of each of the 40 participants."""
_STRIDE = 7  # has no divisor in common with 40: those who stay are spread over the days
_LAST_BEGINS = 25
NOT_COUNTED = {101: "admin", 112: "test", 123: "test", 134: "test"}
"""Accounts that are nobody's answers: what they are, by number."""
_FIRST, _LAST = 101, 144
_STUDIES = 200


class Account(NamedTuple):
    """One account: `number` is the id of its Participant row; it begins on that day (from 1 on).

    It does so many whole `sessions`, and so many `tasks` of the next.
    """

    number: int
    role: str  # "participant", "test" or "admin"
    condition: str
    begins: int
    sessions: int
    tasks: int

    @property
    def study(self) -> int:
        """The id of its Study row, by which TaskLog calls it."""
        return self.number + _STUDIES

    @property
    def finished(self) -> bool:
        """Whether it did all there was to do."""
        return self.sessions == len(SESSIONS)


class Visit(NamedTuple):
    """One task that an account did, or the end of a session (`task` is COMPLETE)."""

    at: datetime
    """When it was done, in the site's zone."""
    account: Account
    day: int
    session: str
    place: int
    """Of the task in its session, from 0 on."""
    task: str
    tag: str | None


def _accounts() -> Iterator[Account]:
    count = 0
    for number in range(_FIRST, _LAST + 1):
        condition = CONTROL if number % 2 else TRAINING
        if number in NOT_COUNTED:
            reached = (1, 3) if NOT_COUNTED[number] == "admin" else (number % 3, 2)
            begins = number + 3 - _FIRST
            yield Account(number, NOT_COUNTED[number], condition, begins, *reached)
            continue
        begins = 1 + count * _LAST_BEGINS // len(REACHED)
        reached = REACHED[count * _STRIDE % len(REACHED)]
        yield Account(number, "participant", condition, begins, *reached)
        count += 1


ACCOUNTS = tuple(_accounts())
FINISHERS = tuple(a for a in ACCOUNTS if a.finished and a.role == "participant")


def visits() -> list[Visit]:
    """Everything that was done on the site, in the order in which it was done."""
    return sorted(visit for account in ACCOUNTS for visit in _visits_of(account))


def _visits_of(account: Account) -> Iterator[Visit]:
    rng, day = Random(f"plan {account.number}"), 0
    for number, (session, tasks) in enumerate(TASKS.items()):
        done = tasks if number < account.sessions else tasks[: account.tasks]
        if number > account.sessions or not done:
            return
        day = max(account.begins + _APART[session] + rng.randint(0, 2), day + 1)
        day += day == EMPTY_DAY
        at = datetime.combine(date_of(day), time(rng.randint(8, 20)), SITE_ZONE)
        at += timedelta(seconds=rng.randint(0, 3600))
        for place, (task, tag) in enumerate(done):
            at += timedelta(seconds=rng.randint(60, 480))
            yield Visit(at, account, day, session, place, task, tag)
        if len(done) == len(tasks):
            end = at + timedelta(seconds=1)
            yield Visit(end, account, day, session, len(tasks), COMPLETE, None)


def date_of(day: int) -> date:
    """The date of a day of the study, from 1 on."""
    return FIRST_DAY + timedelta(days=day - 1)


def schedule() -> list[dict[str, Any]]:
    """What GET study says of this study."""
    sessions = [
        {
            "name": name,
            "displayName": name.title(),
            "index": index,
            "tasks": [_task(task, tag) for task, tag in tasks],
        }
        for index, (name, tasks) in enumerate(TASKS.items())
    ]
    return [{"name": STUDY, "sessions": sessions}]


def _task(name: str, tag: str | None) -> dict[str, Any]:
    kind = "angular" if name == "JsPsychTrial" else "questions"
    shown = name.replace("_", " ")
    return {"name": name, "displayName": shown, "type": kind, "tag": tag, "duration": 3}
