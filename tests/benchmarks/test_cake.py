"""`bin/bench cake` counts what it says that it counts, on days of few rows; nothing is timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.bench import Bench
from benchmarks.cake import calls, failing
from benchmarks.cake.bakery import bakery


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, 1, say=lambda text: None)


def test_both_ways_of_the_original_bring_the_rows_that_ours_brings(bench: Bench) -> None:
    with bakery(bench, keeps=True, clicks_a_day=240, dirty=False) as place:
        ours = place.carry()
        assert (ours["rows"], len(place.files())) == (240, 24)
        assert ours["peak_mb"] > 10
        told = place.kitchen.told()
        assert (told.struck, told.others) == (0, 1)
        assert 1 <= (told.calls + told.others) / calls.least_calls(240) <= 1.3
        for way in ("dom", "json"):
            theirs = place.original(way, 12)
            assert theirs["rows"] == 240, way
            assert len(place.files()) == 24
        assert place.kitchen.told().calls == 2 * 288


def test_a_day_of_failing_calls_is_compared_file_by_file(bench: Bench) -> None:
    measured = failing.files(bench, 400, 4)
    assert measured.ratios == [0]
    assert (measured.sides["files"], measured.sides["failed"] > 0) == (25, True)
