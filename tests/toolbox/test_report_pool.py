"""Reports on a pool that real rounds made: its ledger, a sheet that changed, a round beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mtdata.config import load
from mtdata.demo.study.site import StudySite
from mtdata.duties import KINDS
from mtdata.jobs import queue
from mtdata.jobs.records import setting
from tests.toolbox.pools_made import Answered, MadePool
from tests.toolbox.reported import at, schedule


def log(number: int, person: int, session: str, scale: str) -> dict[str, Any]:
    """A row of TaskLog."""
    row = {"id": number, "participantId": person, "sessionName": session, "taskName": scale}
    return row | {"tag": None, "dateCompleted": at(12, 40)}


def entry(number: int, person: int, session: str) -> dict[str, Any]:
    """An entry of a questionnaire."""
    row = {"id": number, "participant": person, "session": session, "tag": None}
    return row | {"date": at(12), "timeOnPage": 3.5}


class Collected(MadePool):
    """A pool that a round of a study site filled: QOL and PHQ4 of three participants."""

    def __init__(self, folder: Path, site: StudySite) -> None:
        super().__init__(folder)
        section = {
            "READY": True,
            "SERVER": site.url,
            "USER": site.user,
            "PASS": site.password,
            "PATH": str(self.path),
            "ENCRYPTION": "off",
            "TIMEZONE": "UTC",
        }
        (self.config / "server.config").write_text(yaml.safe_dump({self.server: section}))
        site.schedule = schedule({"PRE": [("QOL", None), ("PHQ4", None)]})
        for place, scale in enumerate(("QOL", "PHQ4")):
            site.put(scale, [entry(10 * place + n, n, "PRE") for n in (1, 2, 3)])
            rows = [log(100 + 10 * place + n, n, "PRE", scale) for n in (1, 2, 3)]
            site.put("TaskLog", rows, deleteable=False)
        self.round()

    def round(self) -> None:
        """Collect whatever is there."""
        ended = self.run("export", self.server, "all", "--json")
        assert ended.code == 0, ended

    def report(self) -> tuple[int, dict[str, Any], Answered]:
        """The report by scale: its exit code, what it says of the site."""
        ended = self.run("report", "scale", "--json")
        return ended.code, json.loads(ended.out)["sites"][self.server], ended


@pytest.fixture
def site() -> Iterator[StudySite]:
    """A study site with nothing on it yet."""
    with StudySite() as started:
        started.schedule = None  # what is planned is told by other tests
        yield started


def test_a_sheet_that_somebody_changed_is_named_and_the_others_are_reported(
    tmp_path: Path, site: StudySite
) -> None:
    pool = Collected(tmp_path, site)
    code, shown, _ = pool.report()
    assert (code, shown["mismatches"], shown["faults"]) == (0, [], [])
    (sheet,) = pool.path.glob("active_data/QOL_*.csv")
    sheet.write_bytes(sheet.read_bytes().replace(b"3.5", b"4.5"))
    code, shown, ended = pool.report()
    assert code == 74
    assert sheet.name in shown["faults"][0]
    assert sheet.name in ended.said
    assert {task["scale"] for task in shown["tasks"]} == {"PHQ4"}
    (page,) = pool.path.glob("reports/report-*.html")
    assert sheet.name in page.read_text()


def test_a_report_goes_on_while_the_pool_grows(tmp_path: Path, site: StudySite) -> None:
    pool = Collected(tmp_path, site)
    site.put("QOL", [entry(50, 4, "PRE")])
    pool.round()
    (sheet,) = pool.path.glob("active_data/QOL_*.csv")
    with sheet.open("ab") as file:
        file.write(b"Mon, 12 Mar 2026,99,5")  # a row that a round is just writing
    code, shown, _ = pool.report()
    entries = {task["scale"]: task["entries"] for task in shown["tasks"]}
    assert (code, entries) == (0, {"QOL": 4, "PHQ4": 3})


def test_a_job_makes_the_report_and_lays_its_files_down(tmp_path: Path, site: StudySite) -> None:
    pool = Collected(tmp_path, site)
    settings = load(pool.config, {})
    setting.open_migrated(settings.database)
    job = queue.add(settings, KINDS, "toolbox.report", {"server": pool.server}, "anna")
    ended = pool.run("runner", "--once", "--json")
    assert (ended.code, json.loads(ended.out)["carried"]) == (0, 1)
    shown = json.loads(pool.run("jobs", "show", str(job.pk), "--json").out)
    assert shown["status"] == "Success", shown
    names = {one["name"].rpartition("-20")[0] for one in shown["artifacts"]}
    assert names == {"scale-report", "session-report", "mismatches", "report", "client-report"}
    assert all(Path(one["path"]).stat().st_size for one in shown["artifacts"])
