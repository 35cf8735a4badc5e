"""`bin/bench toolbox` reads every entry of its year, whichever way; nothing is timed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from benchmarks.bench import Bench
from benchmarks.toolbox import plain, speed
from benchmarks.toolbox.year import SERVER, Year


def test_both_sides_find_the_same_in_a_year_of_six_days(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    year = Year(tmp_path / "year", entries=60, scales=2, days=6)
    year.make()
    sheets = sorted((year.pool / "active_data").iterdir())
    by_scale = {name: [one for one in sheets if one.name.startswith(name)] for name in year.names}
    assert plain.scores(by_scale, tmp_path) == 60
    assert speed.ours(year, ["scores", "all", SERVER])["said"]["sites"][SERVER]["exit"] == 0
    for name in year.names:
        (ours,) = (year.pool / "processed_data" / name).glob("*_scores_*.csv")
        with ours.open() as left, (tmp_path / f"{name}_scores.csv").open() as right:
            pairs = list(zip(csv.DictReader(left), csv.DictReader(right), strict=True))
        assert len(pairs) == 30
        for mine, theirs in pairs:
            for score in ("total", "first"):
                assert float(mine[score] or "nan") == pytest.approx(
                    float(theirs[score] or "nan"), nan_ok=True
                )


def test_a_figure_is_measured(tmp_path: Path) -> None:
    bench = Bench(tmp_path, reps=1, say=lambda text: None)
    year = speed.year_of(bench, entries=12, scales=1, days=2)
    assert len(speed.query(bench, year).ratios) == 1
