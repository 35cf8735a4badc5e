"""The alert rules of docs/: silent while all is well, and each fires at the fault it is there for.

The faults are made on a home with a pool, records and a daily report; what the numbers tell then is
held against each rule, by a small evaluator (tests/promql.py) and by promtool where there is one.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from mtdata.core.errors import MTDataError
from mtdata.demo.study.site import StudySite
from mtdata.duties import DUTIES
from mtdata.jobs.metrics import page_of, write_metrics
from mtdata.jobs.records import setting
from mtdata.study.ledger import Ledger
from mtdata.study.operations import commands
from tests.jobs.kinds import KINDS
from tests.jobs.place import SITE, Place
from tests.promql import Expression, Labels, Scrape, Vector
from tests.system.home import ROOT, row

RULES = ROOT / "docs" / "alerts.rules.yml"
HOUR, DAY = 3600.0, 86_400.0
STEP_S = 1800
DAILY = {"ADMIN_DOMAIN": "admin.example.com", "API_KEY": "k", "TIMEZONE": "UTC",
         "OUTPUT": "east", "DAILY_AT": "00:00", "SETTLE": "1s"}  # fmt: skip
Case = tuple[Sequence[Scrape], float, dict[str, set[Labels]]]


def rules() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    return found


def scraped(place: Place) -> Scrape:
    """What `/metrics` and the file tell now; an empty label is none, as for Prometheus."""
    samples: dict[str, Vector] = {}
    text = page_of(DUTIES, place.settings).text().decode()
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            labels = frozenset((k, v) for k, v in one.labels.items() if v)
            samples.setdefault(one.name, {})[labels] = one.value
    [written] = samples["mtdata_written_timestamp_seconds"].values()
    return Scrape(written, samples)


class Watched:
    """A home, and what the rules say of it."""

    def __init__(self, folder: Path, site: StudySite) -> None:
        self.place = Place(folder, "sqlite:///state/programme.sqlite3")
        known = {**SITE, "SERVER": site.url, "USER": site.user, "PASS": site.password}
        self.sites: dict[str, dict[str, Any]] = {"study": known}
        self.cases: list[Case] = []
        self.configure()
        from mtdata.jobs.records import runners

        self.runner = runners.register("embedded", 1)

    def configure(self) -> None:
        self.place.write("server", self.sites)
        self.place.configure()

    def collect(self) -> None:
        with suppress(MTDataError):
            commands.export(self.place.settings.site("study"), "all")

    def work(self, rows: int = 5, fault: str = "", took_s: float = 0.0) -> None:
        """A job by the moves that a runner makes, without a child."""
        from mtdata.jobs.records import claims
        from mtdata.jobs.records.asking import now
        from mtdata.jobs.records.models import Part

        self.place.enter(parts=1)
        while claimed := claims.claim(self.runner, 20, KINDS):
            began = now() - timedelta(seconds=took_s)
            Part.objects.filter(pk=claimed.part).update(started_at=began)
            planned = ["part0"] if claimed.stage == "plan" else []
            if fault and claimed.stage == "work":
                claims.fail(claimed, fault)
            else:
                claims.finish(claimed, claims.PartProgress(rows), planned=planned)

    def fired(self, *scrapes: Scrape, after_s: float = 60.0) -> dict[str, set[Labels]]:
        """Which rules fire so long after the last of these, and for what."""
        at = scrapes[-1].at + after_s
        found = {one["alert"]: set(Expression(one["expr"], scrapes, at).value()) for one in rules()}
        fired = {name: of for name, of in found.items() if of}
        self.cases.append((scrapes, at, fired))
        return fired


@pytest.fixture
def watched(tmp_path: Path) -> Any:
    with StudySite() as site:
        site.put("QOL", [row(1), row(2)])
        found = Watched(tmp_path, site)
        yield found
        found.place.close()


def test_each_rule_is_silent_when_all_is_well_and_fires_at_its_fault(
    watched: Watched, tmp_path: Path
) -> None:
    from mtdata.jobs.records.runners import mark_ended, mark_seen

    seen: set[str] = set()
    place, fired = watched.place, watched.fired

    def sees(name: str, *scrapes: Scrape, after_s: float = 60.0) -> None:
        assert name in fired(*scrapes, after_s=after_s), name
        seen.add(name)

    watched.collect()
    watched.work()
    first = scraped(place)
    watched.work()
    well = scraped(place)
    assert fired(first, well) == {}
    sees("MTDataNumbersOld", first, well, after_s=HOUR)
    sees("MTDataNoGoodRound", well, after_s=4 * HOUR)
    sees("MTDataEntriesExposed", well, after_s=25 * HOUR)

    watched.work(rows=0)
    sees("MTDataReportsEmpty", well, scraped(place))
    before = scraped(place)
    watched.work(took_s=13 * HOUR)
    sees("MTDataWorkSlow", before, scraped(place))
    _ask(calls=10, faults=1)
    before = scraped(place)
    _ask(calls=10, faults=1)
    assert "MTDataCallsFail" not in fired(before, scraped(place))
    _ask(calls=10, faults=8)
    sees("MTDataCallsFail", before, scraped(place))
    watched.work(fault="told to")
    failed = scraped(place)
    sees("MTDataJobFailed", well, failed)
    sees("MTDataNoSuccess", failed, after_s=2 * DAY + HOUR)
    watched.work()
    assert "MTDataJobFailed" not in fired(failed, scraped(place))

    mark_seen(watched.runner)  # however long it took so far
    place.enter()
    assert "MTDataNobodyCarries" not in fired(scraped(place))
    mark_ended(watched.runner)
    sees("MTDataNobodyCarries", scraped(place))
    place.write("export", {"CAKE": {"east": DAILY}})
    watched.configure()
    sees("MTDataReportNotCome", scraped(place), after_s=7 * HOUR)

    watched.sites["study"]["PASS"] = "another"
    watched.configure()
    watched.collect()
    sees("MTDataIncident", scraped(place))
    _age_rounds(place.settings.site("study").path / Ledger.NAME)
    sees("MTDataOverdue", scraped(place))
    (place.settings.site("study").path / Ledger.NAME).write_bytes(b"no ledger, but words" * 99)
    sees("MTDataLedgerUnreadable", scraped(place))
    setting.close_records()
    _spoil_records(Path(place.settings.database.name))
    sees("MTDataRecordsAway", scraped(place))
    assert seen == {one["alert"] for one in rules()}
    _hold_against_promtool(watched.cases, tmp_path)


def test_the_file_has_the_numbers_of_the_jobs_and_makes_no_records(watched: Watched) -> None:
    place, file = watched.place, watched.place.folder / "mtdata.prom"
    watched.work()
    write_metrics(DUTIES, place.settings, file)
    text = file.read_text()
    assert 'mtdata_jobs_ended_total{account="",kind="rows",status="Success"} 1.0' in text
    assert 'mtdata_job_rows_total{account="",kind="rows"} 5.0' in text
    setting.close_records()
    records = Path(place.settings.database.name)
    shutil.rmtree(records.parent)
    write_metrics(DUTIES, place.settings, file)
    assert "mtdata_jobs" not in file.read_text()
    assert "mtdata_records_up" not in file.read_text()
    assert not records.exists()


def test_each_rule_is_told_of_in_the_manual() -> None:
    manual = (ROOT / "docs" / "OPERATING.md").read_text()
    assert [one["alert"] for one in rules() if f"`{one['alert']}`" not in manual] == []


def _ask(calls: int, faults: int) -> None:
    from mtdata.jobs.records.models import Job
    from mtdata.jobs.records.tallies import count_calls

    count_calls(Job.objects.values_list("pk", flat=True)[0], calls, faults)


def _age_rounds(ledger: Path) -> None:
    """As if nothing had gone well for two days."""
    with closing(sqlite3.connect(ledger)) as connection, connection:
        rounds = connection.execute("SELECT number, started_at, ended_at FROM runs").fetchall()
        for number, *moments in rounds:
            old = [_two_days_before(one) for one in moments]
            words = "UPDATE runs SET started_at = ?, ended_at = ? WHERE number = ?"
            connection.execute(words, (*old, number))


def _two_days_before(moment: str) -> str:

    return (datetime.fromisoformat(moment) - timedelta(days=2)).isoformat()


def _spoil_records(file: Path) -> None:
    for one in file.parent.glob(f"{file.name}*"):
        one.unlink()
    file.write_bytes(b"no database at all, but words" * 200)


def _hold_against_promtool(cases: list[Case], folder: Path) -> None:
    """The same of promtool: its own syntax check, and the same alerts of the same numbers."""
    promtool = shutil.which("promtool")
    if promtool is None:
        return
    subprocess.run([promtool, "check", "rules", str(RULES)], check=True, capture_output=True)
    bare = [{"alert": one["alert"], "expr": one["expr"]} for one in rules()]
    (folder / "bare.yml").write_text(yaml.safe_dump({"groups": [{"name": "x", "rules": bare}]}))
    tests = {"rule_files": ["bare.yml"], "tests": [_as_test(*case) for case in cases]}
    (folder / "tests.yml").write_text(yaml.safe_dump(tests))
    done = subprocess.run(
        [promtool, "test", "rules", "tests.yml"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def _as_test(scrapes: Sequence[Scrape], at: float, fired: dict[str, set[Labels]]) -> dict[str, Any]:
    """At STEP_S by its clock, where the last numbers are fresh and as old as they were at `at`."""
    names = {
        (name, labels) for one in scrapes for name in one.samples for labels in one.samples[name]
    }
    series = []
    for name, labels in sorted(names, key=str):
        shift = at - STEP_S if name.endswith("_timestamp_seconds") else 0.0
        values = [one.samples.get(name, {}).get(labels) for one in (scrapes[0], scrapes[-1])]
        if len(scrapes) == 1:
            values[0] = None
        words = " ".join("_" if one is None else f"{one - shift:f}" for one in values)
        given = ",".join(f'{k}="{v}"' for k, v in sorted(labels))
        series.append({"series": f"{name}{{{given}}}", "values": words})
    checks = [
        {
            "eval_time": f"{STEP_S}s",
            "alertname": one["alert"],
            "exp_alerts": [{"exp_labels": dict(of)} for of in fired.get(one["alert"], ())],
        }
        for one in rules()
    ]
    return {"interval": f"{STEP_S}s", "input_series": series, "alert_rule_test": checks}
