"""The study of sixty days: its pool is sound, and what is planted is there, and nothing else is.

The sheets are read by csv alone, and what they lack is worked out here, from TaskLog and the plan.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from mtdata.config import load
from mtdata.core.disk import FolderDisk
from mtdata.demo.study.sixty_days import planted as plants
from mtdata.demo.study.sixty_days.plan import (
    ACCOUNTS,
    DAYS,
    EMPTY_DAY,
    FIRST_DAY,
    NOT_COUNTED,
    REACHED,
    SESSIONS,
    TASKS,
    date_of,
)
from mtdata.demo.study.sixty_days.planted import PLANTED, Planted, planted_until, turns
from mtdata.demo.study.sixty_days.pool import SITE, STATIC, StudyPool
from mtdata.demo.study.sixty_days.rows import RowMaker
from mtdata.demo.study.sixty_days.scales import QUESTIONS, REFUSED_TO_SAY, items_of
from mtdata.study.files.schedules import ScheduleFiles
from mtdata.study.operations import commands, verify

MISSING = (plants.MISSING, plants.IN_CONDITION, plants.IN_SESSION, plants.IN_PERIOD)
Line = dict[str, str]


def of(*kinds: str) -> Iterator[Planted]:
    return (one for one in PLANTED if one.kind in kinds)


class Sheets:
    """Every sheet of the pool, by scale and day of the study."""

    def __init__(self, pool: Path) -> None:
        self.by_day: dict[str, dict[int, list[Line]]] = {}
        for path in (pool / "active_data").glob("*.csv"):
            scale, _, day = path.stem.rsplit("_", 3)[0], 0, "_".join(path.stem.rsplit("_", 3)[1:])
            number = (datetime.strptime(day, "%b_%d_%Y").date() - FIRST_DAY).days + 1
            with path.open(encoding="utf-8", newline="") as file:
                lines = list(csv.DictReader(file, strict=True))
            self.by_day.setdefault(scale, {})[number] = lines

    def all(self, scale: str) -> Iterator[tuple[int, Line]]:
        for day, lines in sorted(self.by_day[scale].items()):
            yield from ((day, line) for line in lines)

    def newest(self, scale: str) -> list[Line]:
        return self.by_day[scale][max(self.by_day[scale])]


@pytest.fixture(scope="module")
def sheets(sixty_days: StudyPool) -> Sheets:
    return Sheets(sixty_days.home / "pool")


@pytest.fixture(scope="module")
def people(sheets: Sheets) -> dict[str, tuple[int, str]]:
    """Study id -> participant and condition, without the accounts of the staff."""
    conditions = {line["id"]: line["conditioning"] for line in sheets.newest("Study")}
    return {
        line["study"]: (int(line["id"]), conditions[line["study"]])
        for line in sheets.newest("Participant")
        if (line["admin"], line["testAccount"]) == ("False", "False")
    }


@pytest.fixture(scope="module")
def rows(sheets: Sheets) -> Counter[tuple[str, str, str, str]]:
    """How many rows there are by scale, participant, session and tag."""
    return Counter(
        (scale, line["participantRSA"], line["session"], line["tag"])
        for scale in sheets.by_day
        if scale not in STATIC
        for _, line in sheets.all(scale)
    )


def day_of(date: str) -> int:
    return (parsedate_to_datetime(date).date() - FIRST_DAY).days + 1


# the pool --------------------------------------------------------------------------------------


def test_every_round_went_well_and_left_nothing_on_the_site(sixty_days: StudyPool) -> None:
    assert [one.exit for one in sixty_days.rounds] == [0] * DAYS
    assert [fault for one in sixty_days.rounds for fault in one.faults] == []
    assert {s: n for s, n in sixty_days.left.items() if n} == {
        scale: sixty_days.sent[scale] for scale in STATIC
    }


def test_each_row_that_the_site_wrote_is_in_a_sheet_once(
    sixty_days: StudyPool, sheets: Sheets
) -> None:
    ids = {
        scale: [line["id"] for _, line in sheets.all(scale)]
        for scale in sheets.by_day
        if scale not in STATIC
    }
    ids |= {scale: [line["id"] for line in sheets.newest(scale)] for scale in STATIC}
    assert {scale: len(found) for scale, found in ids.items()} == sixty_days.sent
    assert all(len(set(found)) == len(found) for found in ids.values())
    assert sum(len(turn.ids) for turn in turns()) == sum(
        n for scale, n in sixty_days.sent.items() if scale not in STATIC
    )


def test_the_pool_is_verified_and_its_sheets_are_what_raw_gives(
    sixty_days: StudyPool, tmp_path: Path
) -> None:
    shutil.copytree(sixty_days.home, tmp_path / "home")
    site = load(tmp_path / "home" / "config", {}).site(SITE)
    assert verify.verify(site)["wrong"] == []
    checked = commands.decode(site, ".", None, check=True)
    assert len(checked) > 500
    assert [one for one in checked if not one["identical"]] == []
    assert commands.held(site) == []


def test_the_schedule_is_kept_once_and_is_that_of_the_plan(sixty_days: StudyPool) -> None:
    files = ScheduleFiles(FolderDisk(sixty_days.home / "pool"))
    assert files.days() == [FIRST_DAY]
    found = files.newest()
    assert found is not None
    [study] = found.studies
    told = {one.name: tuple((task.name, task.tag) for task in one.tasks) for one in study.sessions}
    assert told == TASKS


# what is planted -------------------------------------------------------------------------------


def test_what_the_log_has_and_the_sheets_lack_is_what_is_planted_as_missing(
    sheets: Sheets, people: dict[str, tuple[int, str]], rows: Counter[Any]
) -> None:
    lacking = []
    for line in sheets.newest("TaskLog"):
        task, session, study = line["taskName"], line["sessionName"], line["study"]
        if task == "SESSION_COMPLETE" or study not in people:
            continue
        who = people[study][0]
        if not rows[task, str(who), session, line["tag"]]:
            lacking.append((task, who, session, day_of(line["dateCompleted"])))
    known = [(one.scale, one.participant, one.session, one.day) for one in of(*MISSING)]
    assert sorted(lacking) == sorted(known)
    assert {one.count for one in of(*MISSING)} == {1}


def test_no_row_is_there_that_the_log_lacks(
    sheets: Sheets, people: dict[str, tuple[int, str]], rows: Counter[Any]
) -> None:
    logged = {
        (line["taskName"], str(people[line["study"]][0]), line["sessionName"], line["tag"])
        for line in sheets.newest("TaskLog")
        if line["study"] in people
    }
    staff = {str(number) for number in NOT_COUNTED}
    assert {one for one in rows if one[1] not in staff} - logged == set()


def test_rows_are_missing_in_one_condition_one_session_and_one_period_as_a_whole(
    people: dict[str, tuple[int, str]], rows: Counter[Any]
) -> None:
    conditions = dict(people.values())
    by_condition = {
        (conditions[int(who)], session)
        for scale, who, session, _ in rows
        if scale == "BBSIQ" and int(who) in conditions
    }
    after = {session for session in SESSIONS if ("BBSIQ", "pre") not in TASKS[session]}
    assert {session for where, session in by_condition if where == "CONTROL"} == {"PRE"}
    assert {session for where, session in by_condition if where == "TRAINING"} > {"PRE"}
    assert {one.session for one in of(plants.IN_CONDITION)} <= after
    assert {s for scale, who, s, _ in rows if scale == "QOL" and int(who) in conditions} == {
        session for session in SESSIONS if "QOL" in dict(TASKS[session])
    } - {"SESSION3"}
    days = {one.day for one in of(plants.IN_PERIOD)}
    assert days == {33, 34}
    assert not any(
        turn.ids for turn in turns() if turn.visit.task == "OASIS" and turn.visit.day in days
    )


def test_rows_that_are_there_twice_are_those_that_are_planted(rows: Counter[Any]) -> None:
    found = {
        (scale, int(who), session): times - 1
        for (scale, who, session, _), times in rows.items()
        if scale != "JsPsychTrial" and times > 1
    }
    assert found == {
        (one.scale, one.participant, one.session): one.count for one in of(plants.WRITTEN_TWICE)
    }
    assert set(found.values()) == {1, 2}
    trials = {times for (scale, *_), times in rows.items() if scale == "JsPsychTrial"}
    assert trials == {plants.TRIALS}


def test_a_row_written_twice_says_the_same_or_was_answered_anew(sheets: Sheets) -> None:
    differ = []
    for one in of(plants.WRITTEN_TWICE):
        items = QUESTIONS[one.scale].items
        same = [
            [line[item] for item in items]
            for _, line in sheets.all(one.scale)
            if (line["participantRSA"], line["session"]) == (str(one.participant), one.session)
        ]
        assert len(same) == one.count + 1
        differ.append(any(answers != same[0] for answers in same))
    assert sorted(differ) == [False, False, True]


def told(kind: str, line: Line, scale: str, column: str) -> tuple[str, str, int, int]:
    return kind, f"{scale}.{column}", int(line["participantRSA"]), int(line["id"])


def odd_values(sheets: Sheets) -> Iterator[tuple[str, str, int, int]]:
    for scale, known in QUESTIONS.items():
        for _, line in sheets.all(scale):
            if "," in line["timeOnPage"]:
                yield told(plants.DECIMAL_COMMA, line, scale, "timeOnPage")
            for item in items_of(scale, day_of(line["date"])):
                value = line[item]
                if value == "":
                    yield told(plants.UNANSWERED, line, scale, item)
                elif value == str(REFUSED_TO_SAY):
                    yield told(plants.PREFER_NOT, line, scale, item)
                elif int(value) not in known.answers(item):
                    yield told(plants.OUT_OF_RANGE, line, scale, item)
    for _, line in sheets.all("Demographics"):
        if line["birthYear"] == str(REFUSED_TO_SAY):
            yield told(plants.PREFER_NOT, line, "Demographics", "birthYear")


def test_every_odd_value_is_planted_and_every_planted_one_is_there(sheets: Sheets) -> None:
    kinds = (plants.DECIMAL_COMMA, plants.UNANSWERED, plants.PREFER_NOT, plants.OUT_OF_RANGE)
    known = [
        (one.kind, f"{one.scale}.{one.detail.split(' ')[0]}", one.participant, *one.ids)
        for one in of(*kinds)
    ]
    assert sorted(odd_values(sheets)) == sorted(known)


def test_columns_come_and_change_their_names_on_the_days_that_are_planted(sheets: Sheets) -> None:
    found = {}
    for scale, name in (("GAD7", "difficulty"), ("PHQ4", "interest")):
        ids = [int(line["id"]) for day, line in sheets.all(scale) if line.get(name)]
        days = [day for day, line in sheets.all(scale) if line.get(name)]
        found[scale] = (min(days), tuple(sorted(ids)))
    assert found == {
        one.scale: (one.day, tuple(sorted(one.ids))) for one in of(plants.ADDED, plants.RENAMED)
    }
    others = set(sheets.by_day) - set(found) - set(STATIC)
    for scale in others:
        assert len({tuple(line) for _, line in sheets.all(scale)}) == 1, scale
    renamed = [("pleasure" in line, "interest" in line) for _, line in sheets.all("PHQ4")]
    assert Counter(renamed).keys() == {(True, False), (False, True)}


def test_late_ids_lie_below_those_of_days_before(sheets: Sheets) -> None:
    late = set()
    for scale in QUESTIONS:
        highest = 0
        for day in sorted(sheets.by_day[scale]):
            ids = [int(line["id"]) for line in sheets.by_day[scale][day]]
            late |= {(scale, number, day) for number in ids if number < highest}
            highest = max(highest, *ids)
    assert late == {
        (one.scale, number, one.day) for one in of(plants.LATE_ID) for number in one.ids
    }


def test_rows_that_were_delivered_twice_were_deleted_twice_and_kept_once(
    sixty_days: StudyPool, sheets: Sheets
) -> None:
    twice = list(of(plants.DELIVERED_TWICE))
    for one in twice:
        [number] = one.ids
        assert [line["id"] for _, line in sheets.all(one.scale)].count(str(number)) == 1
    deleted = sum(did["deleted"] for one in sixty_days.rounds for did in one.scales.values())
    wrote = sum(n for scale, n in sixty_days.sent.items() if scale not in STATIC)
    assert deleted == wrote + len(twice)


def test_a_day_on_which_nobody_came_has_no_sheet(sheets: Sheets) -> None:
    [empty] = of(plants.NO_ENTRIES)
    assert empty.day == EMPTY_DAY
    grown = {scale: set(days) for scale, days in sheets.by_day.items() if scale not in STATIC}
    assert set(range(1, DAYS + 1)) - set().union(*grown.values()) >= {EMPTY_DAY}


def test_an_id_of_one_table_is_text_and_a_number_in_another(sixty_days: StudyPool) -> None:
    raw = sixty_days.home / "pool" / "raw_data"
    kinds = {}
    for scale, field in (("Participant", "study"), ("TaskLog", "study"), ("JsPsychTrial", "id")):
        day = json.loads((raw / f"{scale}_{date_of(14):%b_%d_%Y}.json").read_bytes())
        kinds[scale] = {type(row[field]) for rows in day.values() for row in rows}
    assert kinds == {"Participant": {str}, "TaskLog": {int}, "JsPsychTrial": {str}}


# the plan --------------------------------------------------------------------------------------


def test_people_leave_where_the_plan_says(
    sheets: Sheets, people: dict[str, tuple[int, str]]
) -> None:
    ended = Counter(
        line["study"]
        for line in sheets.newest("TaskLog")
        if line["taskName"] == "SESSION_COMPLETE" and line["study"] in people
    )
    assert Counter(ended[study] for study in people) == Counter(whole for whole, _ in REACHED)
    stands = Counter(line["currentSession"] for line in sheets.newest("Study"))
    assert stands["COMPLETE"] == 18


def test_the_seed_changes_answers_and_nothing_that_is_planted() -> None:
    def written(seed: int) -> list[dict[str, Any]]:
        maker = RowMaker(seed, lambda text: text)
        return [row for turn in turns() for row in (*maker.rows(turn), maker.log(turn))]

    one, again, other = written(1), written(1), written(2)
    assert one == again
    assert one != other
    shape = ("id", "session", "tag", "participantRSA", "date", "taskName")
    assert [[row.get(k) for k in shape] for row in one] == [
        [row.get(k) for k in shape] for row in other
    ]


def test_a_shorter_study_has_what_was_planted_until_then() -> None:
    for days in (1, 20, 21, 33, 59):
        part = {(one.kind, one.scale, one.participant, one.session) for one in planted_until(days)}
        whole = [one for one in PLANTED if one.day <= days and one.participant]
        assert {(one.kind, one.scale, one.participant, one.session) for one in whole} <= part
        assert max(one.day for one in planted_until(days)) <= days
    assert len(ACCOUNTS) == 44
    assert {one.harmless for one in PLANTED} == {True, False}
    assert {one.kind for one in PLANTED} == plants.FAULTS.keys() | plants.HARMLESS.keys()


def test_nothing_that_is_wrong_once_hides_another_thing() -> None:
    wanted = Counter(one.kind for one in plants.SINGLES)
    assert Counter(one.kind for one in PLANTED if one.kind in wanted) == wanted
    places = Counter((one.place, one.session, one.scale) for one in plants.SINGLES)
    assert {
        one.kind for one in plants.SINGLES if places[one.place, one.session, one.scale] > 1
    } == {plants.UNANSWERED}
