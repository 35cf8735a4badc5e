"""The demo: what it tells, what it leaves behind with --keep, and that it is light without."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.home import ROOT

LIGHT = "import sys; from mtdata.cli.main import run; code = run(sys.argv[1:])"
NO_DJANGO = "; sys.exit(code or ('django' in sys.modules))"


def said(*words: str) -> str:
    """What a command prints, in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-P", "-c", LIGHT + NO_DJANGO, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def mtdata(*words: str) -> str:
    """What a command prints that may load what it likes."""
    command = [sys.executable, "-P", "-m", "mtdata", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def headings(text: str) -> list[str]:
    return re.findall(r"^(\d)\. ", text, re.M)


@pytest.mark.parametrize("rows", ["1", "60"])
def test_the_demo_counts_its_headings_and_loads_no_records(rows: str) -> None:
    told = said("demo", "--rows", rows)
    assert headings(told) == ["1", "2", "3", "4"]
    assert "active_data/" in told


def test_a_quiet_demo_prints_nothing() -> None:
    assert said("demo", "--rows", "1", "-q") == ""


def test_a_kept_demo_leaves_a_pool_and_a_finished_job(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    told = mtdata("demo", "--rows", "60", "--keep", str(kept))
    assert headings(told) == ["1", "2", "3", "4", "5"]
    config = ["--config", str(kept / "config")]
    for words in ("user add NAME --admin", "web", "status"):
        assert f"`mtdata {' '.join(config)} {words}`" in told
    [job] = json.loads(mtdata(*config, "jobs", "list", "--json"))["jobs"]
    shown = json.loads(mtdata(*config, "jobs", "show", job["id"], "--json"))
    assert (shown["kind"], shown["status"]) == ("study.decode", "Success")
    sheets = {path.name: path.read_bytes() for path in (kept / "pool/active_data").glob("*.csv")}
    assert {one["name"]: Path(one["path"]).read_bytes() for one in shown["artifacts"]} == sheets
