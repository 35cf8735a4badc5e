"""Daily reports of CAKE by the daemon and by cron, from a stand-in to files, beside the study."""

from __future__ import annotations

import csv
import io
import signal
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from mtdata.cake import window
from mtdata.demo.cake.site import KEY, CakeSite
from mtdata.jobs.records import setting
from tests.system.home import Home, row
from tests.system.test_daemon import PATIENCE_S, daemon, wait_until

BERLIN = ZoneInfo("Europe/Berlin")
ONE = timedelta(days=1)


@pytest.fixture
def cake() -> Iterator[CakeSite]:
    with CakeSite(clicks_a_day=240, events_a_day=4) as site:
        yield site
    setting.close_records()


def write(home: Home, name: str, keys: dict[str, Any]) -> None:
    (home.folder / "config" / f"{name}.config").write_text(yaml.safe_dump(keys))


def account(home: Home, cake: CakeSite, **keys: Any) -> None:
    """export.config, with changed keys."""
    base = {
        "ADMIN_DOMAIN": cake.domain,
        "SCHEME": "http",
        "API_KEY": KEY,
        "TIMEZONE": "Europe/Berlin",
        "OUTPUT": "reports",
        "RATE": 100,
        "CLICK_WINDOW": "1h",
        "DAILY_AT": "00:00",
        "SETTLE": "1s",
        "CLICK_LOOK_BACK": "1d",
        "CONVERSION_LOOK_BACK": "1d",
    }
    write(home, "export", {"CAKE": base | keys})


def jobs(home: Home) -> dict[str, str]:
    """The state of every job, by name."""
    return {one["name"]: one["status"] for one in home.run("jobs", "list").shown["jobs"]}


def missed(home: Home) -> dict[str, str]:
    """What the program's own open incidents say, by kind and place."""
    own = home.run("incidents").shown["sites"].get("(program)", {"incidents": []})
    return {f"{one['kind']} {one['scale']}": one["detail"] for one in own["incidents"]}


def clicks(home: Home) -> list[int]:
    files = (home.folder / "reports").glob("ClickReport_*.csv")
    texts = [path.read_bytes().decode() for path in files]
    return sorted(
        int(line["Click ID"]) for t in texts for line in csv.DictReader(io.StringIO(t, newline=""))
    )


def _succeed() -> None:
    from mtdata.jobs.records.models import Job

    Job.objects.update(status="Success")


def test_the_daemon_has_reports_of_yesterday_taken_once_whatever_kills_it(
    home: Home, cake: CakeSite
) -> None:
    home.configure(EVERY="1s")
    home.site.put("QOL", [row(1)])
    write(home, "programme", {"LEASE_S": "3s", "HEARTBEAT_S": "0.5s", "SWEEP_S": "1s"})
    account(home, cake, RATE=10)
    reports = home.folder / "reports"
    with daemon(home) as started:
        wait_until(lambda: bool(list(reports.glob("Click*.csv"))), "the first hour")
        started.send_signal(signal.SIGKILL)
        started.wait(PATIENCE_S)
    with daemon(home) as started:
        wait_until(lambda: set(jobs(home).values()) == {"Success"}, "both reports")
        started.send_signal(signal.SIGTERM)
        _, said = started.communicate(timeout=PATIENCE_S)
    assert started.returncode == 0, said
    names = sorted(jobs(home))
    day = date.fromisoformat(names[0][-10:])
    assert names == [f"daily_cake.changes_cake_{day}", f"daily_cake.clicks_cake_{day}"]
    yesterday = day - ONE
    files = {f"{file.name}.csv" for file in window.files(yesterday, BERLIN)}
    assert {path.name for path in reports.iterdir()} == files | {f"changes_{yesterday:%d%m%Y}.csv"}
    start = datetime.combine(yesterday, datetime.min.time())
    wanted = cake.clicks_of(start, start + ONE)
    assert clicks(home) == sorted(int(one["click_id"]) for one in wanted)
    assert home.ids("QOL") == ["1"]
    assert KEY not in said + str(home.noises)


def test_cron_queues_them_too_and_carries_none(home: Home, cake: CakeSite) -> None:
    """The clock of `home` stands at noon of March 12 and goes on five minutes a command."""
    account(home, cake, DAILY_AT="13:02")  # 12:02 UTC
    first = {"daily_cake.changes_cake_2026-03-12": "Queued"}
    first["daily_cake.clicks_cake_2026-03-12"] = "Queued"
    assert home.run("daemon", "--once").code == 0
    assert jobs(home) == first
    assert home.run("daemon", "--once").code == 0
    assert jobs(home) == first
    home.now += ONE
    assert home.run("daemon", "--once").code == 0
    assert jobs(home) == first  # they go on; then the next asks for what they missed
    told = missed(home)["report_missed cake.clicks cake"]
    assert "daily_cake.clicks_cake_2026-03-12 is Queued still" in told
    _succeed()
    assert home.run("daemon", "--once").code == 0
    assert jobs(home) == dict.fromkeys(first, "Success") | {
        name.replace("-12", "-13"): "Queued" for name in first
    }
    home.run("daemon", "--once")
    assert missed(home) == {}
    assert cake.calls == []
    shown = {one["kind"]: one for one in home.run("status").shown["reports"]}
    assert shown["cake.clicks"]["next_at"] == "2026-03-14T12:02:00+00:00"
    assert shown["cake.clicks"]["last"]["name"] == "daily_cake.clicks_cake_2026-03-13"
    findings = {one["what"]: one["told"] for one in home.run("check").shown["findings"]}
    assert findings["CAKE cake"] == "daily reports: next 2026-03-14T13:02+01:00"


def test_records_that_do_not_answer_are_told_and_keep_no_round_waiting(
    home: Home, cake: CakeSite
) -> None:
    home.site.put("QOL", [row(1)])
    account(home, cake)
    write(home, "programme", {"DATABASE": "postgres://nobody@127.0.0.1:9/none"})
    assert home.run("daemon", "--once").code == 69
    assert home.ids("QOL") == ["1"]
    assert set(missed(home)) == {"task_failed jobs"}
    assert "reports" not in home.run("status").shown
    write(home, "programme", {})
    assert home.run("daemon", "--once").code == 0
    assert missed(home) == {}
    assert len(jobs(home)) == 2


def test_a_machine_may_have_reports_and_no_study(home: Home, cake: CakeSite) -> None:
    home.configure(READY=False)
    assert home.run("daemon", "--once").code == 78
    account(home, cake)
    assert home.run("daemon", "--once").code == 0
    assert len(jobs(home)) == 2
