"""What all mismatches of a class share is told where chance would not do it, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.toolbox.report.mismatches import GroupShare, is_period, only_group
from tests.toolbox.reported import StudyMade


@pytest.mark.parametrize(
    ("shares", "name"),
    [
        ([("A", 5, 10), ("B", 0, 20)], "A"),
        ([("A", 5, 10), ("B", 1, 20)], ""),  # not all of them
        ([("A", 1, 10), ("B", 0, 20)], ""),  # one case lies somewhere
        ([("A", 30, 30)], ""),  # there is no other group
        ([("", 9, 10), ("B", 0, 20)], ""),  # a group without a name is none
        ([("A", 3, 90), ("B", 0, 10)], ""),  # where nearly all are anyway
        ([], ""),
    ],
)
def test_one_group_is_told_where_chance_would_not_put_all_there(
    shares: list[tuple[str, int, int]], name: str
) -> None:
    assert only_group([GroupShare(*share) for share in shares]) == name


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 400))
def test_more_cases_never_make_a_pattern_less_likely(bad: int, more: int, others: int) -> None:
    def told(count: int) -> bool:
        whole = bad + more
        return bool(only_group([GroupShare("A", count, whole), GroupShare("B", 0, others)]))

    assert told(bad) <= told(bad + more)


@pytest.mark.parametrize(
    ("bad", "within", "whole", "told"),
    [
        (6, 6, 190, True),  # two days of fifty
        (1, 1, 190, False),  # each case has a day
        (2, 2, 190, False),  # two cases lie near each other now and then
        (6, 12, 190, False),  # as many of these days are there
        (30, 30, 40, True),
        (40, 40, 40, False),  # there is no other time
        (0, 0, 0, False),
    ],
)
def test_a_period_is_told_where_nearly_all_of_it_is_missing(
    bad: int, within: int, whole: int, told: bool
) -> None:
    assert is_period(bad, within, whole) is told


def pattern(study: StudyMade) -> str:
    (found,) = study.write().report()["mismatches"]
    assert (found["kind"], found["scale"]) == ("missing", "QOL")
    return f"{found['only_in']} {found['where']}".strip()


def test_cases_of_one_condition_are_told_so(tmp_path: Path) -> None:
    study = StudyMade(tmp_path)
    for person in range(1, 21):
        study.join(person, condition="CONTROL" if person % 2 else "TRAINING")
        study.do(person, 2, day=person)
        if person % 2 and person != 5:
            study.drop("QOL", person, "PRE")
    assert pattern(study) == "condition CONTROL"


def test_cases_of_one_session_are_told_so(tmp_path: Path) -> None:
    study = StudyMade(tmp_path)
    for person in range(1, 11):
        study.join(person)
        study.do(person, 2)
        study.log(person, "SESSION1", "QOL", "pre")
    assert pattern(study) == "session SESSION1"


def test_cases_of_a_few_days_are_told_so(tmp_path: Path) -> None:
    study = StudyMade(tmp_path)
    for person in range(1, 31):
        study.join(person)
        study.do(person, 2, day=1 + person // 2)
        if 6 <= 1 + person // 2 <= 7:
            study.drop("QOL", person, "PRE")
    assert pattern(study) == "period 2026-03-06 to 2026-03-07"


def test_cases_here_and_there_have_no_pattern(tmp_path: Path) -> None:
    study = StudyMade(tmp_path)
    for person in range(1, 21):
        study.join(person, condition="CONTROL" if person % 2 else "TRAINING")
        study.do(person, 6, day=person)
        if person in (2, 9, 17):
            study.drop("QOL", person, "PRE")
    assert pattern(study) == ""
