"""The API asked everything that its own document allows, and much that it does not: no 500, ever.

Schemathesis does it over real HTTP with an admin's token, as a program of its own; what it orders
is queued and never carried.  MTDATA_LONG=1 gives it forty times the examples.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.web.programs import program, token_of
from tests.web.site import WebSite

EXAMPLES, LIMIT_S, MOST_QUEUED = (400, 2400, 20_000) if LONG else (10, 240, 1000)
pytestmark = [pytest.mark.usefixtures("web"), pytest.mark.timeout(LIMIT_S + 60)]
CONFIG = """
[auth.openapi.token]
bearer = "${MTDATA_FUZZ_TOKEN}"

[cache]
enabled = false

[generation]
database = "none"

[warnings]
enabled = false
"""
# What a parameter may be is told in words, and a key that came with another order is a 422 as well,
# as is an owner that there is not, an empty file, and one that came before;
# of a job that made nothing there is no zip.
BY_OPERATION = """
[[operations]]
include-operation-id = "{}"
checks.positive_data_acceptance.expected-statuses = ["2xx", 404, 409, 410, 422]
"""
IN_WORDS = ("list_jobs", "add_job", "stop_jobs", "stop_job", "retry_job", "undo_job", "get_zip")
IN_WORDS += ("add_form_responses", "import_teams", "import_forms")


def test_whatever_is_asked_the_answer_is_as_described(
    web: WebSite, tmp_path: Path, seed: int
) -> None:
    before = program(web, "viewer").get("/api/v1/jobs").json()["total"]
    document = tmp_path / "openapi.json"
    document.write_text(program(web, "viewer").get("/api/openapi.json").text)
    (tmp_path / "schemathesis.toml").write_text(
        CONFIG + "".join(map(BY_OPERATION.format, IN_WORDS))
    )
    words = ["run", str(document), "--url", web.url, "--seed", str(seed), "--no-color"]
    words += ["--max-examples", str(EXAMPLES), "--checks", "all", "--request-timeout", "30"]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "schemathesis.cli", *words],
        cwd=tmp_path,
        env={**os.environ, "MTDATA_FUZZ_TOKEN": token_of(web, "admin")},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, f"--seed {seed}\n{done.stdout[-20_000:]}\n{done.stderr[-2000:]}"
    queued = program(web, "viewer").get("/api/v1/jobs").json()["total"] - before
    assert 0 < queued < MOST_QUEUED, "what is asked does not reach the records, or floods them"
