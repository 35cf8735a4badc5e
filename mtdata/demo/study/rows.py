"""What a row of each example scale looks like, field by field; nobody ever gave these answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Any, NamedTuple

Row = dict[str, Any]
Seal = Callable[[str], str]

STUDY = "MindTrails Calm"
REFUSED_TO_SAY = 555
"""The number that stands for "prefer not to answer" in every item."""

SESSIONS = ("PRE", "SESSION1", "SESSION2", "POST")
TASKS: dict[str, tuple[tuple[str, str | None], ...]] = {
    "PRE": (("Demographic", None), ("DASS21_AS", "pre"), ("QOL", "pre"), ("BBSIQ", "pre")),
    "SESSION1": (("JsPsychTrial", "training"), ("DASS21_AS", "post")),
    "SESSION2": (("JsPsychTrial", "training"), ("QOL", None), ("BBSIQ", None)),
    "POST": (("DASS21_AS", "post"), ("QOL", "post"), ("BBSIQ", "post")),
}
"""Session -> its tasks, as (scale, tag), in the order in which they are worked on."""


class Occasion(NamedTuple):
    """One answered questionnaire: participant, session and moment.

    `at` is aware, in the site's zone.  `task` is the task's name, SESSION_COMPLETE where a session
    ends; for a Participant row they are what the participant has come to, and `id` is the account
    that the other rows call `participant`.
    """

    id: int
    participant: int
    session: str
    task: str
    tag: str | None
    at: datetime


site_date = format_datetime
"""A date as the site writes it: `Mon, 12 Mar 2018 15:45:05 -0500`, whatever the locale."""


def answered(occasion: Occasion, rng: Random, seal: Seal) -> Row:
    """The fields that every questionnaire has."""
    return {
        "id": occasion.id,
        "date": site_date(occasion.at),
        "participantRSA": seal(str(occasion.participant)),
        "session": occasion.session,
        "tag": occasion.tag,
        "timeOnPage": round(rng.uniform(4, 240), 3),
    }


def _items(names: str, highest: int, rng: Random) -> Row:
    """An answer from 0 to `highest` for each name; now and then none was wanted, or none came."""
    answers = (*range(highest + 1), *range(highest + 1), *range(highest + 1), REFUSED_TO_SAY, None)
    return {name: rng.choice(answers) for name in names.split()}


DASS = "breathing dryness heart panic scared trembling worry"
LIFE = (
    "health relationships friends learning work yourself creative socializing material "
    "helping participating independence reading active children understanding"
)
EVENTS = "breath chest confused dizzy heart jolt lightheaded shop smoke urgent vision visitors"
READINGS = ("harmless", "threat", "other")
READ_EVENTS = " ".join(f"{event}_{reading}" for event in EVENTS.split() for reading in READINGS)
RACES = (
    "American Indian/Alaska Native",
    "Black/African origin",
    "East Asian",
    "Latino/Hispanic",
    "Middle Eastern",
    "South Asian",
    "White/European origin",
)
REASONS = (
    None,
    "",
    "A friend told me.",
    'My sister said "try it", and I did, twice.',
    "I worry at night.\nThen I can't sleep;\r\nit goes round and round.",
    "Curious 🙂 about the training, its length, and what it does",
    "Ängste im Zug; 不安; тревога",
)
COUNTRIES = ("United States", "Canada", "United Kingdom", "Côte d'Ivoire", "Deutschland")
BROWSERS = (
    ("desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36, like Gecko"),
    ("mobile", "Mozilla/5.0 (iPhone; CPU iPhone OS 11_2 like Mac OS X) AppleWebKit/604.4.7"),
    ("tablet", "Mozilla/5.0 (iPad; CPU OS 11_2 like Mac OS X) AppleWebKit/604.4.7"),
)


def _questions(names: str, highest: int) -> Callable[[Occasion, Random, Seal], Row]:
    """A questionnaire of these items, each from 0 to `highest`."""
    return lambda occasion, rng, seal: answered(occasion, rng, seal) | _items(names, highest, rng)


def demographic(occasion: Occasion, rng: Random, seal: Seal) -> Row:
    """Arrays for questions with several answers, free text with all that text may hold."""
    return answered(occasion, rng, seal) | {
        "birthYear": rng.randint(1940, 1999),
        "country": rng.choice(COUNTRIES),
        "devices": rng.sample(("Desktop", "Laptop", "Smartphone", "Tablet"), rng.randint(0, 3)),
        "ethnicity": rng.choice(("Hispanic or Latino", "Not Hispanic or Latino", "Unknown")),
        "gender": rng.choice(("Female", "Male", "Transgender", "Other", None)),
        "race": rng.sample(RACES, rng.randint(1, 2)),
        "reason": rng.choice(REASONS),
        "student": rng.random() < 0.3,
    }


def jspsych_trial(occasion: Occasion, rng: Random, seal: Seal) -> Row:
    """One trial of a training; its date is epoch milliseconds."""
    return {
        "id": occasion.id,
        "dateSubmitted": int(occasion.at.timestamp()) * 1000 + rng.randint(0, 999),
        "participantRSA": seal(str(occasion.participant)),
        "session": occasion.session,
        "trialType": rng.choice(("survey-text", "button-response", "missing-letters")),
        "trialIndex": rng.randint(0, 120),
        "internalNodeId": f"0.0-{rng.randint(1, 9)}.0",
        "stimulus": rng.choice(("<p>As you walk in, your friends look up…</p>", None)),
        "rt": round(rng.uniform(200, 9000), 2),
        "rtFirstReact": rng.randint(150, 4000),
        "correct": rng.choice((True, True, True, False, None)),
        "device": rng.choice(BROWSERS)[0],
    }


def task_log(occasion: Occasion, rng: Random, seal: Seal) -> Row:
    """A task that was done; a task named SESSION_COMPLETE closes a session."""
    device, agent = rng.choice(BROWSERS)
    return {
        "id": occasion.id,
        "study": occasion.participant,
        "sessionName": occasion.session,
        "taskName": occasion.task,
        "tag": occasion.tag,
        "dateCompleted": site_date(occasion.at),
        "timeOnTask": round(rng.uniform(5, 900), 1),
        "device": device,
        "userAgent": agent,
    }


def participant(occasion: Occasion, rng: Random, seal: Seal) -> Row:
    """An account; its study is an object that says how far the participant has come."""
    task = {"name": occasion.task, "tag": occasion.tag}
    return {
        "id": occasion.id,
        "active": rng.random() < 0.9,
        "admin": False,
        "lastLoginDate": site_date(occasion.at),
        "lastSessionDate": site_date(occasion.at - timedelta(days=rng.randint(0, 6))),
        "study": {
            "name": STUDY,
            "conditioning": rng.choice(("TRAINING", "CONTROL")),
            "currentSession": {"name": occasion.session, "currentTask": task},
        },
        "testAccount": rng.random() < 0.05,
        "theme": rng.choice(("blue", "green", None)),
    }


ROWS: dict[str, Callable[[Occasion, Random, Seal], Row]] = {
    "DASS21_AS": _questions(DASS, 3),
    "QOL": _questions(LIFE, 6),
    "BBSIQ": _questions(READ_EVENTS, 4),
    "Demographic": demographic,
    "JsPsychTrial": jspsych_trial,
    "TaskLog": task_log,
    "Participant": participant,
}
"""How a row of each scale is made; a new scale is one function and one line here."""


def schedule() -> list[Row]:
    """What GET study says: [{"name", "sessions": [{"name", "displayName", "index", "tasks"}]}]."""
    sessions = [
        {"name": name, "displayName": name.title(), "index": index, "tasks": _tasks(name)}
        for index, name in enumerate(SESSIONS)
    ]
    return [{"name": STUDY, "sessions": sessions}]


def _tasks(session: str) -> list[Row]:
    return [
        {
            "name": name,
            "displayName": name.replace("_", " "),
            "type": "angular" if name == "JsPsychTrial" else "questions",
            "tag": tag,
            "duration": 3,
        }
        for name, tag in TASKS[session]
    ]
