"""How fast a job goes and what is left of it, where it can be known and where it cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.jobs.speed import JobSpeed, PartSpan, share_of, speed_of

bits = st.lists(
    st.builds(
        PartSpan,
        st.integers(0, 10**12),
        st.floats(0, 1e7),
        st.none() | st.integers(0, 10**12),
    ),
    max_size=20,
)


@given(bits, bits, st.integers(0, 10**6))
def test_no_figures_break_it(
    finished: list[PartSpan], running: list[PartSpan], waiting: int
) -> None:
    pace = speed_of(finished, running, waiting)
    assert pace.rows_s is None or pace.rows_s >= 0
    assert pace.left_s is None or pace.left_s >= 0
    shares = sum(bit.share or 0.0 for bit in running)
    assert 0 <= share_of(len(finished), shares, len(finished) + len(running) + waiting) <= 1


def test_nothing_is_said_of_a_job_that_rests() -> None:
    assert speed_of([PartSpan(100, 10.0)], [], 5) == JobSpeed()


def test_a_first_part_tells_by_how_far_it_is_itself() -> None:
    pace = speed_of([], [PartSpan(50, 10.0, expected=100)], 3)
    assert pace.rows_s == pytest.approx(5)
    assert pace.left_s == pytest.approx(70)  # half of this one and three more, 20 s each


def test_finished_parts_tell_and_so_do_hands() -> None:
    finished = [PartSpan(100, 10.0)] * 4
    assert speed_of(finished, [PartSpan(0, 0.0)] * 2, 8) == pytest.approx(JobSpeed(20.0, 50.0))


def test_where_nothing_is_known_nothing_is_said() -> None:
    assert speed_of([], [PartSpan(0, 5.0)], 3) == JobSpeed(None, None)
    assert speed_of([], [PartSpan(1, 5.0, expected=10**6)], 3).left_s is None


def test_a_part_that_lasts_longer_than_the_others_is_not_taken_for_done() -> None:
    left = speed_of([PartSpan(1, 10.0)], [PartSpan(1, 500.0)], 0).left_s
    assert left == pytest.approx(1.0)


def test_the_share_counts_what_runs() -> None:
    assert share_of(1, PartSpan(50, 1.0, expected=100).share or 0.0, 3) == pytest.approx(0.5)
    assert share_of(0, 0.0, 0) == 0.0
