"""Quality of a study of sixty days: what was planted in values and columns, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mtdata.cli.main import run
from mtdata.demo.study.sixty_days import planted as truth

if TYPE_CHECKING:
    from mtdata.demo.study.sixty_days.pool import StudyPool

FOUND_AS = {
    truth.OUT_OF_RANGE: "out_of_range",
    truth.DECIMAL_COMMA: "decimal_comma",
    truth.UNANSWERED: "missing",
    truth.PREFER_NOT: "no_answer",
    truth.WRITTEN_TWICE: "written_twice",
}
"""How quality calls what is planted; of a scale without a codebook it cannot tell `no_answer`."""
COUNTS = ("out_of_range", "decimal_comma", "missing", "no_answer", "unreadable")


@pytest.fixture
def judged(
    sixty_days: StudyPool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    """What `quality all` says of each scale."""
    words = ["quality", "all", "--config", str(sixty_days.config), "--out", str(tmp_path), "--json"]
    assert run(words) == 0
    (site,) = json.loads(capsys.readouterr().out)["sites"].values()
    scales: dict[str, Any] = site["scales"]
    return scales


def test_quality_finds_each_planted_value_and_no_other(judged: dict[str, Any]) -> None:
    expected = Counter[tuple[str, str]]()
    for one in truth.PLANTED:
        if one.kind in FOUND_AS and judged[one.scale]["codebook"]:
            expected[FOUND_AS[one.kind], one.scale] += one.count
    found = Counter[tuple[str, str]]()
    for scale, said in judged.items():
        found["written_twice", scale] += said["written_twice"]
        found["delivered_twice", scale] += said["delivered_twice"]
        for variable in said["variables"]:
            for count in COUNTS:
                found[count, scale] += variable[count]
    assert +found == expected


def test_quality_tells_of_each_column_that_came_or_went(judged: dict[str, Any]) -> None:
    changed = {scale for scale, said in judged.items() if said["columns_changed"]}
    assert changed == {
        one.scale for one in truth.PLANTED if one.kind in (truth.ADDED, truth.RENAMED)
    }
