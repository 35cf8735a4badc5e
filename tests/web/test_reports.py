"""The reports on the page: what the last one says, and the order to make it anew."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mtdata.toolbox.report.model import Mismatches, StudyReport, TaskLine
from tests.toolbox.test_report_excerpt import SCALES, large
from tests.web.pooled import BARE, STUDY, PooledSite
from tests.web.programs import program

MOST_BYTES = 100 << 10
MADE = StudyReport(
    server=BARE,
    made_at=datetime(2026, 3, 12, tzinfo=UTC),
    log_day="2026-03-12",
    sessions=("PRE",),
    tasks=(TaskLine(scale="<b>QOL", session="PRE", logged=4, done=4, found=3, entries=3),),
    mismatches=(Mismatches(kind="missing", scale="<b>QOL", cases=1, rows=1),),
    faults=("a sheet: `mtdata verify`",),
)


@pytest.fixture
def reports(pools: PooledSite) -> Iterator[Path]:
    """The folder of reports of a site without a pool."""
    pool = pools.place.folder / f"pool-{BARE}"
    (pool / "reports").mkdir(parents=True)
    yield pool / "reports"
    shutil.rmtree(pool)


def test_the_newest_report_is_shown_with_its_answer_first(pools: PooledSite, reports: Path) -> None:
    (reports / "report-2026-03-12.json").write_text(MADE.model_dump_json())
    (reports / "report-2026-03-11.json").write_text("{}")
    visitor = pools.visitor("viewer")
    assert "1 logged task lacks an entry, of 4" in visitor.get("/reports/").text
    page = visitor.get(f"/reports/{BARE}/")
    assert page.status_code == 200
    assert "<h1>1 logged task lacks an entry, of 4</h1>" in page.text
    assert "&lt;b&gt;QOL" in page.text
    assert "<b>QOL" not in page.text
    assert "<code>mtdata verify</code>" in page.text
    assert "heat-4" in page.text


def test_a_report_that_is_none_is_told(pools: PooledSite, reports: Path) -> None:
    (reports / "report-2026-03-12.json").write_text("[]")
    visitor = pools.visitor("viewer")
    for path in ("/reports/", f"/reports/{BARE}/"):
        page = visitor.get(path)
        assert page.status_code == 200
        assert "it is no report of this program" in page.text


def test_a_large_report_is_a_page_of_bounded_size_and_each_scale_is_found(
    pools: PooledSite, reports: Path
) -> None:
    (reports / "report-2026-03-12.json").write_text(large().model_dump_json())
    visitor, path = pools.visitor("viewer"), f"/reports/{BARE}/"
    page = visitor.get(path).text
    assert len(re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)) < MOST_BYTES
    assert f"of {SCALES} where most is amiss" in page
    assert "S007" in page
    assert "S199" not in page
    found = visitor.get(f"{path}?scale=s199").text
    assert "S199" in found
    assert "S007" not in found
    assert "No scale has that in its name." in visitor.get(f"{path}?scale=%3Cb%3E").text


def test_who_may_only_look_has_no_button(pools: PooledSite) -> None:
    path = f"/reports/{STUDY}/"
    assert "Make the report" not in pools.visitor("viewer").get(path).text
    assert "Make the report" in pools.visitor("operator").get(path).text
    assert pools.visitor("viewer").submit(path).status_code == 403
    assert pools.visitor("operator").submit("/reports/nobody/").status_code == 404


def test_it_is_made_by_one_job_however_often_it_is_asked_for(pools: PooledSite) -> None:
    visitor, path = pools.visitor("operator"), f"/reports/{STUDY}/"
    first, second = visitor.submit(path), visitor.submit(path)
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert "It is being made" in visitor.get(path).text
    job = visitor.get(first.headers["Location"])
    assert f'href="{path}"' in job.text, "a job leads to what it is about"
    assert visitor.submit(f"{first.headers['Location']}stop/").status_code == 303
    assert "Make the report" in visitor.get(path).text


def test_the_api_tells_what_the_page_tells(pools: PooledSite, reports: Path) -> None:
    asking, path = program(pools, "viewer"), f"/api/v1/reports/{BARE}"
    told = asking.get(path)
    assert told.status_code == 404
    assert "no report was made yet" in told.json()["detail"]
    assert asking.get("/api/v1/reports").json()["reports"][BARE].keys() == {"absent"}
    (reports / "report-2026-03-12.json").write_text(MADE.model_dump_json())
    brief = asking.get("/api/v1/reports").json()["reports"][BARE]
    assert (brief["logged"], brief["missing"], brief["level"]) == (4, 1, "bad")
    whole = asking.get(path).json()
    assert whole["headline"] == brief["headline"] == "1 logged task lacks an entry, of 4"
    assert whole["report"] == MADE.model_dump(mode="json")
    assert whole["report"]["tasks"][0]["missing_rate"] == 0.25


def test_the_api_lists_reports_in_pages_and_names_no_unknown_site(pools: PooledSite) -> None:
    asking = program(pools, "viewer")
    whole = asking.get("/api/v1/reports").json()
    first = asking.get("/api/v1/reports?size=1").json()
    rest = asking.get(f"/api/v1/reports?cursor={first['next']}").json()
    assert first["reports"] | rest["reports"] == whole["reports"]
    assert len(whole["reports"]) == whole["total"] > 1
    assert asking.get("/api/v1/reports/nobody").status_code == 404


def test_a_report_that_is_none_is_told_by_the_api(pools: PooledSite, reports: Path) -> None:
    (reports / "report-2026-03-12.json").write_text("[]")
    asking = program(pools, "viewer")
    assert asking.get("/api/v1/reports").json()["reports"][BARE].keys() == {"fault"}
    told = asking.get(f"/api/v1/reports/{BARE}")
    assert told.status_code == 503
    assert "it is no report of this program" in told.json()["detail"]
