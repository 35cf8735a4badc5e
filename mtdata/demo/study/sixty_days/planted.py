"""What is wrong with the study of sixty days, one by one: kind, where, when, how often, which ids.

PLANTED is the truth that a report on the pool is held against: each of its faults must be found,
and nothing that is not in it; what is `harmless` in it must not be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count as counted
from typing import NamedTuple

from mtdata.demo.study.sixty_days.plan import (
    COMPLETE,
    CONTROL,
    DAYS,
    EMPTY_DAY,
    FINISHERS,
    Visit,
    visits,
)
from mtdata.demo.study.sixty_days.scales import ADDED_ON, REFUSED_TO_SAY, RENAMED_ON

FIRST_ID = 1001
"""Of the one sequence from which rows of all scales have their ids."""
TRIALS = 4
"""Rows that one training leaves; they are no duplicates of each other."""
TIME = "timeOnPage"


@dataclass(frozen=True, slots=True)
class Planted:
    """Something out of the ordinary that lies in the pool `count` times, for one participant.

    `participant` None and `session` '' are all of them; `day` counts from 1, the first on which it
    shows.  `ids` are those of the rows in question: of the second one where a row is there twice.
    """

    kind: str
    scale: str
    participant: int | None
    session: str
    day: int
    count: int
    detail: str
    ids: tuple[int, ...] = ()

    @property
    def harmless(self) -> bool:
        """Whether a report on the pool must be silent about it."""
        return self.kind in HARMLESS


MISSING, IN_CONDITION, IN_SESSION, IN_PERIOD = (
    "missing",
    "missing_in_condition",
    "missing_in_session",
    "missing_in_period",
)
WRITTEN_TWICE, OUT_OF_RANGE, DECIMAL_COMMA = "written_twice", "out_of_range", "decimal_comma"
ADDED, RENAMED = "column_added", "column_renamed"
UNANSWERED, PREFER_NOT = "unanswered", "prefer_not_to_answer"
DELIVERED_TWICE, LATE_ID, AS_TEXT, NO_ENTRIES = (
    "delivered_twice",
    "late_id",
    "participant_as_text",
    "empty_day",
)
FAULTS = {
    MISSING: "TaskLog has the task, the scale has no row",
    IN_CONDITION: "the rows of one scale are missing in one condition, after PRE",
    IN_SESSION: "the rows of one scale are missing in one session",
    IN_PERIOD: "the rows of one scale are missing for two days",
    WRITTEN_TWICE: "the site wrote one task into two rows, under two ids",
    OUT_OF_RANGE: "an answer that the question does not offer",
    DECIMAL_COMMA: "a number with a decimal comma, as text",
    ADDED: "a column that earlier rows of the scale lack",
    RENAMED: "a column that has another name in earlier rows",
    UNANSWERED: "an item without an answer",
}
HARMLESS = {
    PREFER_NOT: f"{REFUSED_TO_SAY}, which every question offers",
    DELIVERED_TWICE: "the site sent a row that was gone once more: it lies in the sheet once",
    LATE_ID: "an id below those of rounds before: collected like any other",
    AS_TEXT: "an id that is text in one table and a number in another",
    NO_ENTRIES: "a day on which nobody came",
}


class _Single(NamedTuple):
    """A fault of one task of the participant at that place of FINISHERS.

    It is that of the row, or of the value in `column`; `more` is how many rows there are too many.
    """

    kind: str
    place: int
    session: str
    scale: str
    column: str = ""
    value: int | str | None = None
    more: int = 1
    anew: bool = False  # whether a row that is there twice has other answers the second time


SINGLES = (
    _Single(MISSING, 0, "PRE", "GAD7"),
    _Single(MISSING, 1, "SESSION1", "PHQ4"),
    _Single(MISSING, 2, "POST", "AUDIT"),
    _Single(WRITTEN_TWICE, 3, "PRE", "DASS21_AS"),
    _Single(WRITTEN_TWICE, 4, "SESSION1", "OASIS", more=2),
    _Single(WRITTEN_TWICE, 5, "SESSION3", "DASS21_DS", anew=True),
    _Single(OUT_OF_RANGE, 6, "PRE", "DASS21_AS", "breathing", 4),
    _Single(OUT_OF_RANGE, 7, "POST", "QOL", "health", 9),
    _Single(OUT_OF_RANGE, 8, "POST", "AUDIT", "drinks", -1),
    _Single(OUT_OF_RANGE, 9, "PRE", "PHQ4", "nervous", 33),
    _Single(DECIMAL_COMMA, 10, "PRE", "OASIS", TIME, "12,5"),
    _Single(DECIMAL_COMMA, 11, "PRE", "OASIS", TIME, "7,25"),
    _Single(DECIMAL_COMMA, 12, "SESSION3", "DASS21_AS", TIME, "101,375"),
    _Single(UNANSWERED, 13, "PRE", "QOL", "friends"),
    _Single(UNANSWERED, 13, "PRE", "QOL", "work"),
    _Single(UNANSWERED, 14, "SESSION3", "GAD7", "relax"),
    _Single(PREFER_NOT, 0, "PRE", "AUDIT", "frequency", REFUSED_TO_SAY),
    _Single(PREFER_NOT, 5, "PRE", "AUDIT", "drinks", REFUSED_TO_SAY),
    _Single(PREFER_NOT, 15, "POST", "DASS21_DS", "noworth", REFUSED_TO_SAY),
    _Single(PREFER_NOT, 16, "PRE", "Demographics", "birthYear", REFUSED_TO_SAY),
    _Single(DELIVERED_TWICE, 15, "SESSION2", "QOL"),
    _Single(DELIVERED_TWICE, 16, "SESSION3", "GAD7"),
    _Single(LATE_ID, 16, "SESSION1", "PHQ4"),
    _Single(LATE_ID, 12, "PRE", "GAD7"),
    _Single(LATE_ID, 15, "SESSION3", "DASS21_AS"),
)
"""What is wrong once; whatever else the answers say is in order."""
LOST_IN_CONDITION = ("BBSIQ", CONTROL)
LOST_IN_SESSION = ("QOL", "SESSION3")
LOST_IN_PERIOD = ("OASIS", (33, 34))


def _singles_of(visit: Visit) -> tuple[_Single, ...]:
    """What is wrong with one task alone."""
    if visit.account not in FINISHERS:
        return ()
    whose = FINISHERS.index(visit.account), visit.session, visit.task
    return tuple(one for one in SINGLES if (one.place, one.session, one.scale) == whose)


class Turn(NamedTuple):
    """A visit with the ids that the site gave: those of its rows, and that of its TaskLog row."""

    visit: Visit
    ids: tuple[int, ...]
    log: int
    singles: tuple[_Single, ...]

    def single(self, kind: str) -> _Single | None:
        """What of that kind is wrong with the task."""
        return next((one for one in self.singles if one.kind == kind), None)


def turns() -> Iterator[Turn]:
    """Every visit in order, with its ids; the ids of a row that was lost were never given."""
    ids = counted(FIRST_ID)
    for visit in visits():
        singles = _singles_of(visit)
        rows = tuple(next(ids) for _ in range(_rows_of(visit, singles)))
        yield Turn(visit, rows, next(ids), singles)


def _rows_of(visit: Visit, singles: tuple[_Single, ...]) -> int:
    if visit.task == COMPLETE or lost_by(visit, singles):
        return 0
    more = sum(one.more for one in singles if one.kind == WRITTEN_TWICE)
    return (TRIALS if visit.task == "JsPsychTrial" else 1) + more


def lost_by(visit: Visit, singles: tuple[_Single, ...]) -> str:
    """By which kind of fault the row of a task is missing; '' when it is there."""
    if any(one.kind == MISSING for one in singles):
        return MISSING
    if (visit.task, visit.account.condition) == LOST_IN_CONDITION and visit.session != "PRE":
        return IN_CONDITION
    if (visit.task, visit.session) == LOST_IN_SESSION:
        return IN_SESSION
    scale, days = LOST_IN_PERIOD
    return IN_PERIOD if visit.task == scale and visit.day in days else ""


def later(day: int, days: int) -> int:
    """The day on which what is late, or comes once more, is there; in a study of so many days."""
    return min(day + 1, days)


def _of_turn(turn: Turn, days: int) -> Iterator[Planted]:
    visit, ids = turn.visit, turn.ids
    where = visit.task, visit.account.number, visit.session, visit.day
    if kind := lost_by(visit, turn.singles):
        yield Planted(kind, *where, 1, FAULTS[kind])
        return
    for one in turn.singles:
        told = {**FAULTS, **HARMLESS}[one.kind]
        if one.column:
            value = "null" if one.value is None else one.value
            yield Planted(one.kind, *where, 1, f"{one.column} is {value}: {told}", ids)
        else:
            wanted = ids[1:] if one.kind == WRITTEN_TWICE else ids
            is_later = one.kind in (LATE_ID, DELIVERED_TWICE)
            day = later(visit.day, days) if is_later else visit.day
            yield Planted(one.kind, *where[:3], day, one.more, told, wanted)


def _of_columns(every: list[Turn]) -> Iterator[Planted]:
    scale, since, item = ADDED_ON
    yield from _column(every, ADDED, scale, since, item)
    scale, since, before, after = RENAMED_ON
    yield from _column(every, RENAMED, scale, since, f"{before} is {after}")


def _column(every: list[Turn], kind: str, scale: str, since: int, told: str) -> Iterator[Planted]:
    """The rows of a scale that the site wrote since another column was there, if there are any."""
    found = [turn for turn in every if turn.visit.task == scale and turn.visit.day >= since]
    ids = tuple(number for turn in found for number in turn.ids)
    if ids:
        day = min(turn.visit.day for turn in found if turn.ids)
        yield Planted(kind, scale, None, "", day, len(ids), f"{told}: {FAULTS[kind]}", ids)


def planted_until(days: int) -> tuple[Planted, ...]:
    """What lies in the pool after so many days, in the order of the rows."""
    return tuple(_planted(days))


def _planted(days: int) -> Iterator[Planted]:
    every = [turn for turn in turns() if turn.visit.day <= days]
    for turn in every:
        yield from _of_turn(turn, days)
    yield from _of_columns(every)
    ids = tuple(sorted({turn.visit.account.number for turn in every}))
    yield Planted(AS_TEXT, "Participant", None, "", 1, len(ids), HARMLESS[AS_TEXT], ids)
    if days >= EMPTY_DAY:
        yield Planted(NO_ENTRIES, "", None, "", EMPTY_DAY, 0, HARMLESS[NO_ENTRIES])


PLANTED = planted_until(DAYS)
"""Everything of sixty days, whatever the seed."""


def totals(planted: tuple[Planted, ...] = PLANTED) -> Counter[tuple[str, str]]:
    """How often each kind lies in each scale."""
    found: Counter[tuple[str, str]] = Counter()
    for one in planted:
        found[one.kind, one.scale] += one.count
    return found
