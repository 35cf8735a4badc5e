"""The reports on the page: what the last one says, and the order to make it anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mtdata.toolbox.report.model import Mismatches, StudyReport, TaskLine
from tests.web.pooled import BARE, STUDY, PooledSite

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
