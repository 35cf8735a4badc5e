"""How many batches go out at once, by how their answers come."""

from __future__ import annotations

from itertools import count

from mtdata.weblogs.pace import BRISK_S, MOST_LANES, LaneCount

CLOCK = count()


def answers(lanes: LaneCount, many: int, seconds: float, *, short: bool) -> None:
    """So many answers of 100 hits, one a second, as if more lanes brought nothing."""
    for _ in range(many):
        lanes.is_short = short
        lanes.answered(100, seconds, float(next(CLOCK)))


def test_brisk_answers_open_a_lane_each_while_hits_wait_for_one() -> None:
    lanes = LaneCount()
    answers(lanes, 3, BRISK_S / 2, short=True)
    assert lanes.count == 5
    answers(lanes, 100, BRISK_S / 2, short=True)
    assert lanes.count == MOST_LANES


def test_without_need_no_lane_is_opened_for_a_brisk_answer() -> None:
    lanes = LaneCount()
    answers(lanes, 5, BRISK_S / 2, short=False)
    assert lanes.count == 2


def test_a_server_that_takes_its_time_gets_one_more_and_then_that_many_as_are_of_use() -> None:
    lanes = LaneCount()
    answers(lanes, 13, 2 * BRISK_S, short=True)
    assert lanes.count == 3
    answers(lanes, 200, 2 * BRISK_S, short=True)
    assert lanes.count == 2


def test_never_more_than_most() -> None:
    lanes = LaneCount(most=1, count=1)
    answers(lanes, 50, BRISK_S / 2, short=True)
    assert lanes.count == 1
