"""The rows of the study of sixty days, as its site sends them; nobody ever gave these answers.

Each row is made from the seed and its id alone, so that no fault changes the answers of another.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from mtdata.demo.study.rows import (
    BROWSERS,
    COUNTRIES,
    RACES,
    REASONS,
    Occasion,
    Row,
    Seal,
    answered,
    site_date,
    task_log,
)
from mtdata.demo.study.sixty_days.plan import COMPLETE, SESSIONS, TASKS, Visit
from mtdata.demo.study.sixty_days.planted import WRITTEN_TWICE, Turn
from mtdata.demo.study.sixty_days.scales import QUESTIONS, items_of

SECOND_LATER = timedelta(seconds=3)
SCHOOLS = ("High School Graduate", "Some College", "Bachelor's Degree", "Master's Degree")


class RowMaker:
    """Makes the rows of turns from a seed; sealed fields by `seal`."""

    def __init__(self, seed: int, seal: Seal) -> None:
        self._seed, self._seal = seed, seal

    def rows(self, turn: Turn) -> Iterator[Row]:
        """The rows that a task left in its scale, with what is wrong with them."""
        twice = turn.single(WRITTEN_TWICE)
        for place, number in enumerate(turn.ids):
            answers = turn.ids[0] if twice and not twice.anew else number
            row = self._row(turn.visit, number, place, self._rng(answers))
            for one in turn.singles:
                if one.column:
                    row[one.column] = one.value
            yield row

    def log(self, turn: Turn) -> Row:
        """The row that a task, or the end of a session, left in TaskLog."""
        visit = turn.visit
        occasion = Occasion(
            turn.log, visit.account.study, visit.session, visit.task, visit.tag, visit.at
        )
        return task_log(occasion, self._rng(turn.log), self._seal)

    def _rng(self, number: int) -> Random:
        return Random(f"{self._seed} {number}")

    def _row(self, visit: Visit, number: int, place: int, rng: Random) -> Row:
        at = visit.at + place * SECOND_LATER
        occasion = Occasion(number, visit.account.number, visit.session, visit.task, visit.tag, at)
        if visit.task == "JsPsychTrial":
            return _trial(occasion, place, rng, self._seal)
        row = answered(occasion, rng, self._seal)
        if visit.task == "Demographics":
            return row | _demographics(rng)
        known = QUESTIONS[visit.task]
        items = items_of(visit.task, visit.day)
        return row | {item: rng.choice(known.answers(item)) for item in items}


def _demographics(rng: Random) -> Row:
    """Arrays for questions with several answers, free text with all that text may hold."""
    return {
        "birthYear": rng.randint(1940, 1999),
        "country": rng.choice(COUNTRIES),
        "education": rng.choice(SCHOOLS),
        "gender": rng.choice(("Female", "Male", "Transgender", "Other")),
        "race": rng.sample(RACES, rng.randint(1, 2)),
        "reason": rng.choice([text for text in REASONS if text]),
        "student": rng.random() < 0.3,
    }


def _trial(occasion: Occasion, place: int, rng: Random, seal: Seal) -> Row:
    """One trial of a training, all its values as text, its id as well."""
    return {
        "id": str(occasion.id),
        "dateSubmitted": str(int(occasion.at.timestamp()) * 1000),
        "participantRSA": seal(str(occasion.participant)),
        "session": occasion.session,
        "tag": occasion.tag,
        "trialType": rng.choice(("survey-text", "button-response", "missing-letters")),
        "trialIndex": str(place),
        "rt": str(rng.randint(200, 9000)),
        "correct": rng.choice(("true", "true", "false")),
        "device": rng.choice(BROWSERS)[0],
    }


def participant_row(last: Visit) -> Row:
    """An account after its last visit; its study is an id, as text."""
    account = last.account
    return {
        "id": account.number,
        "active": True,
        "admin": account.role == "admin",
        "testAccount": account.role == "test",
        "lastLoginDate": site_date(last.at),
        "language": "en",
        "study": str(account.study),
        "theme": "blue",
    }


def study_row(last: Visit) -> Row:
    """How far an account has come: what it is to do next, after its last visit."""
    session, place = _next_of(last)
    return {
        "id": last.account.study,
        "studyType": "CALM",
        "conditioning": last.account.condition,
        "currentSession": session,
        "currentTaskIndex": place,
        "lastSessionDate": site_date(_day_of(last.at)),
    }


def _next_of(last: Visit) -> tuple[str, int]:
    if last.task != COMPLETE and last.place + 1 < len(TASKS[last.session]):
        return last.session, last.place + 1
    place = SESSIONS.index(last.session) + 1
    return (SESSIONS[place] if place < len(SESSIONS) else "COMPLETE"), 0


def _day_of(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0)
