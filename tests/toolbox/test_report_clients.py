"""`report client`: how far each participant has come, by log and schedule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.toolbox.reported import TASKS, StudyMade, schedule


@pytest.fixture
def study(tmp_path: Path) -> StudyMade:
    """An empty study with its schedule."""
    return StudyMade(tmp_path)


def at_task(study: StudyMade, person: int, done: int, session: str, place: int) -> None:
    """A participant who did so many tasks and is at one of a session."""
    study.join(person)
    study.rows["Study"][-1] |= {"currentSession": session, "currentTaskIndex": str(place)}
    study.do(person, done)


def lines(study: StudyMade, *words: str) -> dict[str, dict[str, str]]:
    study.write()
    assert study.run("client", "study", *words).code == 0
    return {row["participant"]: row for row in study.table("client-report")}


def test_what_is_expected_are_the_tasks_before_the_current_one(study: StudyMade) -> None:
    at_task(study, 1, 0, "PRE", 0)
    at_task(study, 2, 3, "SESSION1", 1)
    at_task(study, 3, 1, "SESSION1", 1)
    at_task(study, 4, 5, "COMPLETE", 0)
    at_task(study, 5, 0, "NOT_STARTED", 0)
    at_task(study, 6, 2, "ELSEWHERE", 0)
    found = {
        person: (one["logged"], one["expected"], one["missing"])
        for person, one in lines(study).items()
    }
    assert found == {
        "1": ("0", "0", "0"),
        "2": ("3", "3", "0"),
        "3": ("1", "3", "2"),
        "4": ("5", "5", "0"),
        "5": ("0", "0", "0"),
        "6": ("2", "", ""),
    }


def test_missing_tasks_are_named_in_their_order(study: StudyMade) -> None:
    study.join(1)
    for session, scale, tag in (TASKS[0], TASKS[4]):
        study.log(1, session, scale, tag)
    line = lines(study)["1"]
    assert line["missing_tasks"] == "PRE PHQ4, SESSION1 OASIS before, SESSION1 Trial"


def test_who_has_not_finished_a_session_is_answered(study: StudyMade) -> None:
    at_task(study, 1, 5, "COMPLETE", 0)
    at_task(study, 2, 3, "SESSION1", 1)
    at_task(study, 3, 1, "PRE", 1)
    study.log(3, "SESSION1", "SESSION_COMPLETE", None)
    assert set(lines(study, "--unfinished", "SESSION1")) == {"2"}
    assert lines(study)["1"]["finished_sessions"] == "PRE SESSION1"


def test_a_session_that_there_is_not_is_told_with_those_that_there_are(study: StudyMade) -> None:
    at_task(study, 1, 5, "COMPLETE", 0)
    study.write()
    ended = study.run("client", "study", "--unfinished", "SESION1")
    assert ended.code == 64
    assert "there is no session 'SESION1'; there are PRE, SESSION1" in ended.said


def test_a_log_without_tags_is_held_against_the_names_alone(study: StudyMade) -> None:
    study.join(1)
    for session, scale, _ in TASKS:
        study.log(1, session, scale, None)
    line = lines(study)["1"]
    assert (line["missing"], line["finished_sessions"]) == ("0", "PRE SESSION1")


def test_tests_are_left_out_unless_they_are_wanted(study: StudyMade) -> None:
    at_task(study, 1, 5, "COMPLETE", 0)
    study.join(2, testAccount="True")
    study.do(2, 1)
    assert set(lines(study)) == {"1"}
    assert set(lines(study, "--with-tests")) == {"1", "2"}
    assert "1 account of tests and admins left out" in study.run("client").out


def test_of_two_studies_each_participant_is_held_against_the_own_one(study: StudyMade) -> None:
    other = schedule({"PRE": [("QOL", "pre")]})[0] | {"name": "other"}
    study.schedule(json.dumps([*schedule(), other]), "2026-03-02")
    for person, name in ((1, "calm"), (2, "other"), (3, "neither")):
        study.join(person)
        study.rows["Study"][-1]["studyType"] = name
        study.do(person, 1)
    found = {person: one["expected"] for person, one in lines(study).items()}
    assert found == {"1": "5", "2": "1", "3": ""}


def test_without_accounts_the_log_says_where_somebody_is(study: StudyMade) -> None:
    study.do(1, 4)
    found = lines(study)
    assert [(one["participant"], one["session"], one["logged"]) for one in found.values()] == [
        ("501", "SESSION1", "4")
    ], "nobody says whose study that is"


def test_who_is_unfinished_is_no_question_about_scales(study: StudyMade) -> None:
    study.write()
    assert study.run("scale", "study", "--unfinished", "PRE").code == 64
