"""Test files are loaded ahead: every worker loads all of them, each from another one on."""

from __future__ import annotations

import pytest

from tests.loading import turned


@pytest.mark.parametrize("count", [1, 2, 4, 9])
def test_each_worker_loads_all_from_a_place_of_its_own(count: int) -> None:
    names = [f"tests.test_{number}" for number in range(9)]
    found = [turned(names, number, count) for number in range(count)]
    assert all(sorted(one) == names for one in found)
    assert len({one[0] for one in found}) == count
