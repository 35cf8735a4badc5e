"""docs/CAKE.md names a test for each fault of the tools before: they are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_of_the_25_faults_names_tests_that_are_there() -> None:
    page = (ROOT / "docs" / "CAKE.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \|.*\| (`.*`) \|$", page, re.M)
    assert [int(number) for number, _ in rows] == list(range(1, 26))
    source = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    for _, cell in rows:
        for name in re.findall(r"`([^`]+)`", cell):
            there = f"def {name}(" in source if "/" not in name else (ROOT / name).is_file()
            assert there, name
