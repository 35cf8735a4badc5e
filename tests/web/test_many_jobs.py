"""What a page asks of the records does not grow with the jobs that have ended."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml

from tests.jobs.place import SITE

ROOT = Path(__file__).parents[2]
FEW, MANY = 300, 6_000
"""More than a page has, so that each page is full both times."""
JOB = "00000000-0000-0000-0000-000000000005"
PATHS = (
    "/", "/jobs/", "/jobs/?status=Failed", "/jobs/?kind=bench.kind3", "/jobs/?owner=owner7",
    "/jobs/new/", "/runners/", "/incidents/", f"/jobs/{JOB}/", f"/jobs/{JOB}/parts/",
    "/jobs/ended/", "/import_teams/", "/export_data/",
    "/api/v1/jobs", "/api/v1/jobs?status=Failed", "/api/v1/runners", "/api/v1/incidents",
)  # fmt: skip
COUNTED = {"/jobs/", "/api/v1/jobs"}
"""These count the jobs, up to a bound (`listing.COUNTED`) that is above MANY."""

MOST = (MANY - FEW) * 12 // 100
"""In hundreds of steps: a dozen steps a job."""


def test_a_page_costs_the_same_with_twenty_times_as_many_jobs(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "server.config").write_text(yaml.safe_dump({"study": SITE}))
    words = [sys.executable, "-m", "tests.web.steps", str(tmp_path / "config"), str(FEW), str(MANY)]
    done = subprocess.run([*words, *PATHS], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    steps = json.loads(done.stdout)
    bare = {path: counts for path, counts in steps.items() if path.partition("?")[0] not in COUNTED}
    grown = {path: counts for path, counts in bare.items() if counts[1] > 1.5 * counts[0] + 20}
    assert not grown, f"hundreds of steps with {FEW} and with {MANY} jobs: {grown}"
    # counting takes some steps a job, and looking for what each made many more
    counting = {path: counts for path, counts in steps.items() if path not in bare}
    looked = {path: counts for path, counts in counting.items() if counts[1] - counts[0] > MOST}
    assert not looked, f"more than counts of {MANY - FEW} jobs: {looked}"
