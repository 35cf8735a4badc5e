"""Large packages through a child process: memory stays bounded, and the others are collected."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.hostile.large import KINDS, SHORT
from tests.system.home import ROOT
from tests.tally import tried

MOST_MB = 300
"""Of which some 40 are the program itself; an entry of 16 MB is held several times in its way."""
HELD = [
    "a million lists",
    "500,000 objects",
    "2 million numbers",
    "a million names",
    "100,000 times the same that is no JSON",
    "a 15 MB number",
]
BROKEN = ["a text of 60 MB", "a text of 15 MB that is open", "a million brackets"]


@pytest.mark.parametrize("kind", KINDS if LONG else SHORT)
def test_a_large_package_is_bounded_in_memory_and_harms_no_other(kind: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.hostile.large", kind, str(tmp_path)]
    ended = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=250, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    shown = json.loads(ended.stdout)
    assert shown["peak_mb"] < MOST_MB
    assert shown["differ"] == []
    assert ["Small", 1] in shown["deletes"]
    first, second = (scales["Large"] for scales in shown["scales"])
    assert first["appended"] >= 1
    assert (second["fresh"], second["appended"]) == (0, 0)
    if kind in BROKEN:
        assert shown["exits"] == [69, 69]
        assert first["deleted"] == 0
    else:
        assert shown["exits"] == [1 if kind in HELD else 0, 0]
        assert first["held"] == (kind in HELD)
        assert first["deleted"] == first["appended"]
    tried("hostile inputs", "large packages")
