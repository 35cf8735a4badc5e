"""Pauses between tries grow up to a bound; who failed together does not come back together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.core import backoff
from mtdata.core.backoff import Backoff


def test_a_pause_doubles_up_to_its_bound_and_none_comes_before_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backoff.random, "random", lambda: 0.0)
    pauses = Backoff(60.0, 3600.0)
    assert [pauses.pause_s(n) for n in (0, 1, 2, 3, 6, 7, 8)] == [0, 60, 120, 240, 1920, 3600, 3600]
    assert [Backoff(2.0, 1800.0, times=4).pause_s(n) for n in (1, 2, 6)] == [2, 8, 1800]


@given(
    st.floats(0.001, 100.0),
    st.floats(0.001, 10_000.0),
    st.sampled_from([2.0, 4.0]),
    st.integers(1, 10**9),
)
def test_a_pause_is_within_its_bounds_after_however_many_failures(
    first_s: float, longest_s: float, times: float, failures: int
) -> None:
    pause_s = Backoff(first_s, longest_s, times).pause_s(failures)
    assert min(first_s, longest_s) / 2 <= pause_s <= longest_s


def test_who_failed_at_one_moment_does_not_come_back_at_one() -> None:
    assert len({Backoff(1.0, 60.0).pause_s(5) for _ in range(20)}) > 10
    assert len({Backoff(1.0, 60.0, spread=0.0).pause_s(5) for _ in range(20)}) == 1
