"""`mtdata demo cake` as a command: a day in a local S3, each row once, and shown on the page."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.system.home import ROOT

ROWS = 2_400


def demo(*words: str) -> subprocess.CompletedProcess[str]:
    """The command, with whatever it began ended when it ends (else the pipes stay open)."""
    command = [sys.executable, "-P", "-m", "mtdata", "demo", "cake", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def ids(path: Path) -> list[int]:
    with path.open(newline="", encoding="utf-8") as file:
        return [int(row["Click ID"]) for row in csv.DictReader(file)]


def test_a_day_comes_whole_and_the_page_shows_it(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    ended = demo("--json", "--rows", str(ROWS), "--keep", str(kept))
    assert (ended.returncode, ended.stderr) == (0, "")
    told = json.loads(ended.stdout)
    assert (told["clicks"], told["conversions"]) == (ROWS, ROWS // 100)
    assert [job["status"] for job in told["jobs"]] == ["Success", "Success"]
    assert told["page"]["faults"] == []
    files = {file["name"]: file for file in told["files"]}
    assert len(files) == 25
    assert sum(file["rows"] for file in files.values()) == ROWS + ROWS // 100
    for name, file in files.items():
        assert sha256((kept / "reports" / name).read_bytes()).hexdigest() == file["sha256"]
    clicks = [one for path in kept.glob("reports/Click*") for one in ids(path)]
    assert len(set(clicks)) == len(clicks) == ROWS
    told_or_logged = ended.stdout + (kept / "logs/DEBUG.log").read_text()
    for line in (kept / "config/export.config").read_text().splitlines():
        if "_KEY: " in line:
            assert line.split("'")[1] not in told_or_logged


def test_without_a_local_s3_it_says_what_to_install() -> None:
    lacking = "import sys; sys.modules['moto'] = None; from mtdata.cli.main import run; "
    command = [sys.executable, "-P", "-c", f"{lacking}sys.exit(run(['demo', 'cake', '--json']))"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 78
    assert "mtdata-collect[demo]" in json.loads(ended.stdout)["error"]["message"]
