"""`mtdata demo programme` as a command: what is wrong is refused, and a stop leaves nothing."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

from tests.system.home import ROOT

ROWS = 300


def test_teams_come_in_a_stop_leaves_nothing_and_form_responses_come_out(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    command = [sys.executable, "-P", "-m", "mtdata", "demo", "programme", "--json"]
    ended = subprocess.run(
        [*command, "--rows", str(ROWS), "--keep", str(kept)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    told = json.loads(ended.stdout)
    assert [one["line"] for one in told["refused"]["faults"]] == [3, 7, 11]
    assert told["imported"]["status"] == "Success"
    assert (told["stopped"]["status"], told["stopped"]["left"]) == ("Stopped", 0)
    assert told["page"]["faults"] == []
    [made] = told["exported"]["artifacts"]
    with Path(made["path"]).open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == ROWS
    assert Path(made["path"]).is_relative_to(kept)
