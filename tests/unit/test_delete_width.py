"""How many connections ask for deletes at once: by the times of the answers alone, no clock."""

from __future__ import annotations

import pytest

from mtdata.study.collectors.delete_width import FEW, LOOK, MOST_CALM, PATIENCE_S, DeleteWidth

QUICK_S, SLOW_S = 0.020, 0.080


def looks(width: DeleteWidth, took_s: float, times: int = 1) -> list[int]:
    """The widths after each of so many looks, when every answer takes as long."""
    seen = []
    for _ in range(times):
        for _ in range(LOOK * width.now):
            width.answered(took_s)
        seen.append(width.now)
    return seen


def test_it_doubles_while_answers_do_not_slow_down_and_never_beyond_the_bound() -> None:
    assert looks(DeleteWidth(64), QUICK_S, 7) == [8, 16, 32, 64, 64, 64, 64]
    assert looks(DeleteWidth(48), QUICK_S, 6) == [8, 16, 32, 48, 48, 48]


@pytest.mark.parametrize("most", [1, 2, 3, FEW])
def test_a_bound_of_a_few_is_kept_from_the_first(most: int) -> None:
    width = DeleteWidth(most)
    assert width.now == most
    assert set(looks(width, QUICK_S, 50)) == {most}


def test_slower_answers_halve_it_down_to_a_few_which_cannot_be_the_cause() -> None:
    width = DeleteWidth(64)
    looks(width, QUICK_S, 4)
    assert looks(width, SLOW_S, 4) == [32, 16, 8, 4]
    looks(width, SLOW_S)
    assert width.now >= FEW


def test_a_site_that_is_slow_by_itself_is_asked_as_widely_as_a_quick_one() -> None:
    assert looks(DeleteWidth(64), SLOW_S, 4) == [8, 16, 32, 64]


def test_what_nobody_sees_is_not_slower() -> None:
    width = DeleteWidth(64)
    assert looks(width, 0.0001) == [8]
    assert looks(width, 0.0019, 3) == [16, 32, 64]


def test_one_slow_answer_is_not_a_slow_site() -> None:
    width = DeleteWidth(64)
    looks(width, QUICK_S, 2)
    width.answered(60.0)
    assert looks(width, QUICK_S) == [32]


def test_it_recovers_each_time_after_a_longer_calm_that_has_a_bound() -> None:
    width = DeleteWidth(16)
    assert looks(width, QUICK_S, 2) == [8, 16]
    waited = []
    for _ in range(8):
        assert looks(width, SLOW_S) == [8]
        calm = 0
        while width.now < 16:
            calm += 1
            looks(width, QUICK_S)
        waited.append(calm)
    assert waited == [2, 4, 8, 16, MOST_CALM, MOST_CALM, MOST_CALM, MOST_CALM]


def test_a_busy_site_halves_it_down_to_one() -> None:
    width = DeleteWidth(64)
    looks(width, QUICK_S, 4)
    seen = []
    for _ in range(8):
        width.answered(QUICK_S)
        width.waits(0.5)
        seen.append(width.now)
    assert seen == [32, 16, 8, 4, 2, 1, 1, 1]


def test_a_site_that_does_nothing_is_not_waited_for() -> None:
    width = DeleteWidth(64)
    assert not width.may_wait(0.5)
    width.answered(QUICK_S)
    assert width.may_wait(0.5)
    width.waits(0.5)
    assert not width.may_wait(0.5), "it did nothing since"
    width.answered(QUICK_S)
    assert width.may_wait(0.5)


def test_all_waits_together_have_a_bound() -> None:
    width = DeleteWidth(64)
    width.answered(QUICK_S)
    assert not width.may_wait(PATIENCE_S + 1)
    for _ in range(3):
        assert width.may_wait(PATIENCE_S / 3)
        width.waits(PATIENCE_S / 3)
        width.answered(QUICK_S)
    assert not width.may_wait(0.5)


def test_a_site_that_takes_no_more_connections_keeps_those_it_took() -> None:
    width = DeleteWidth(64)
    looks(width, QUICK_S, 3)
    assert width.takes_no_more(20)
    assert width.now == 20
    assert set(looks(width, QUICK_S, 5)) == {20}
    assert width.takes_no_more(2)
    assert width.now == FEW
    assert not width.takes_no_more(2), "that a few are refused has another cause"
    assert not DeleteWidth(64).takes_no_more(3)


def test_one_site_s_trouble_is_not_another_s() -> None:
    slow, quick = DeleteWidth(64), DeleteWidth(64)
    slow.answered(QUICK_S)
    slow.waits(PATIENCE_S)
    assert looks(quick, QUICK_S, 4) == [8, 16, 32, 64]
    assert quick.may_wait(PATIENCE_S)
    assert slow.now == 2
