"""How many deletes go out on the word of those before; pure."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from mtdata.study.model.canary import CANARIES, CanaryGroups
from mtdata.study.model.receipt import DeleteAnswer, Kept, Outcome, Placed, Span

DONE, ABSENT, FAILED, REFUSED = Outcome.DONE, Outcome.ABSENT, Outcome.FAILED, Outcome.REFUSED


def lines(count: int) -> list[Placed]:
    span = Span(1, 0, 1)
    return [Placed(Kept(seq, seq, b"", span, {}), b"", span) for seq in range(count)]


def asked(groups: CanaryGroups, count: int, answers: Iterable[Outcome]) -> list[int]:
    """How many are asked for in each group, when the site gives these answers one by one."""
    sizes, given = [], iter(answers)
    for group in groups.of(lines(count)):
        sizes.append(len(group))
        groups.note_answers([DeleteAnswer(0, next(given, DONE), "") for _ in group])
    return sizes


def test_one_goes_first_and_the_rest_once_it_is_done() -> None:
    groups = CanaryGroups(100)
    assert asked(groups, 10, []) == [1, 9]
    assert asked(groups, 5, []) == [5]
    assert not groups.is_over


def test_no_more_is_asked_than_the_limit() -> None:
    groups = CanaryGroups(12)
    assert asked(groups, 10, []) == [1, 9]
    assert asked(groups, 10, []) == [2]
    assert groups.is_over


def test_what_was_gone_already_proves_nothing_so_the_next_one_is_tried() -> None:
    assert asked(CanaryGroups(100), 10, [ABSENT, ABSENT]) == [1, 1, 1, 7]
    groups = CanaryGroups(100)
    assert asked(groups, 10, [ABSENT] * CANARIES) == [1] * CANARIES
    assert groups.is_over
    groups = CanaryGroups(100)
    assert asked(groups, 2, [ABSENT] * 2) == [1, 1]
    assert groups.is_over


@pytest.mark.parametrize("answer", [FAILED, REFUSED])
def test_a_first_delete_that_is_not_done_is_the_last(answer: Outcome) -> None:
    groups = CanaryGroups(100)
    assert asked(groups, 10, [answer]) == [1]
    assert groups.is_over


def test_later_a_refusal_ends_it_and_a_failure_does_not() -> None:
    groups = CanaryGroups(100)
    assert asked(groups, 3, [DONE, FAILED, DONE]) == [1, 2]
    assert not groups.is_over
    assert asked(groups, 3, [DONE, REFUSED, REFUSED]) == [3]
    assert groups.is_over


def test_what_was_not_asked_ends_it() -> None:
    groups = CanaryGroups(100)
    for _ in groups.of(lines(4)):
        groups.note_answers(())
    assert groups.is_over
    assert list(CanaryGroups(100).of([])) == []
