"""What is foreseen at a site of the whole program: incidents, `status`, the file of numbers."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mtdata.cli.main import run
from mtdata.cli.state_tables import chart
from mtdata.config import Settings, load
from mtdata.core import sqlite
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import StorageError
from mtdata.core.ports import Room
from mtdata.demo.study.site import StudySite
from mtdata.duties import DUTIES
from mtdata.jobs.metrics import write_metrics
from mtdata.study.ledger import Ledger
from mtdata.study.operations import commands
from tests.system.home import STUDY, Home, row

LABELS = ("site", "scale", "level")
LOCKOUT = ("lockout_ahead", "")


def settings(home: Home) -> Settings:
    return load(home.folder / "config", {})


def state(home: Home, code: int = 0) -> dict[str, Any]:
    ended = home.run("status", STUDY)
    assert ended.code == code, ended
    found: dict[str, Any] = ended.shown["sites"][STUDY]
    return found


def numbers(path: Path) -> dict[tuple[str, ...], float]:
    """Every sample of a file by its name and labels."""
    families = text_string_to_metric_families(path.read_text("utf-8"))
    return {
        (sample.name, *(sample.labels[k] for k in LABELS if k in sample.labels)): sample.value
        for family in families
        for sample in family.samples
    }


# --- incidents


def test_a_lockout_without_deletes_is_one_incident_with_a_forecast_until_rows_go(
    home: Home,
) -> None:
    home.configure(MAX_RECORDS=20)
    home.site.put("QOL", [row(number) for number in range(1, 13)])
    home.export(code=1)
    assert LOCKOUT in home.troubles()
    home.export()
    assert "12 rows lie on the site" in (told := told_of(home, "lockout_ahead"))
    assert "reached in about 16 h at 12 new rows a day" in told
    home.site.put("QOL", [row(number) for number in range(13, 21)])
    home.export()
    assert "may do so now" in told_of(home, "lockout_ahead")
    home.configure(DELETE_MODE=True)
    home.export()
    assert home.troubles() == set()
    kinds = [one["kind"] for one in home.incidents("--all")]
    assert kinds.count("lockout_ahead") == 1


def told_of(home: Home, kind: str) -> str:
    return home.detail(kind)


def test_a_backlog_that_goes_within_the_round_is_told_and_over(home: Home) -> None:
    home.configure(MAX_RECORDS=20, DELETE_MODE=True)
    home.site.put("QOL", [row(number) for number in range(1, 31)])
    home.export(code=1)
    assert home.troubles() == set()
    assert [one["kind"] for one in home.incidents("--all")].count("lockout_ahead") == 1


def test_rows_of_a_scale_that_cannot_be_read_count_towards_the_lockout(home: Home) -> None:
    home.configure(MAX_RECORDS=20, DELETE_MODE=True)
    home.site.put("QOL", [row(number) for number in range(1, 18)])
    home.site.fault("truncated", scale="QOL")
    home.export(code=69)
    home.export(code=69)
    assert home.troubles() == {("package_broken", "QOL"), LOCKOUT}
    assert [one["kind"] for one in home.incidents("--all")].count("lockout_ahead") == 1


def test_a_disk_that_fills_up_is_told_by_a_round_before_it_is_full(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.site.put("QOL", [row(1)])
    with monkeypatch.context() as small:
        small.setattr(FolderDisk, "room", lambda disk: Room(10_000_000, None))
        home.configure(DELETE_MODE=True)
        home.export(code=1)
        assert home.troubles() == {("disk_low", "")}
        assert home.ids("QOL") == ["1"]
    home.export()
    assert home.troubles() == set()


def test_a_schedule_that_was_missed_is_told_beside_rounds_and_closed_by_a_good_one(
    home: Home,
) -> None:
    [site] = settings(home).sites
    commands.look_ahead(site)
    assert not (home.pool / Ledger.NAME).exists()  # none is made where none is
    home.export()
    commands.look_ahead(site)
    assert home.troubles() == set()
    home.now += timedelta(hours=2)
    commands.look_ahead(site)
    commands.look_ahead(site)
    assert home.troubles() == {("schedule_missed", "")}
    home.site.fault("drop")
    home.export(code=69)
    commands.look_ahead(site)
    assert home.troubles() == {("site_unreachable", "")}, "the cause alone"
    [cause] = home.incidents()
    home.run("incidents", STUDY, "--close", str(cause["number"]))
    commands.look_ahead(site)
    assert home.troubles() == {("schedule_missed", "")}, "what stays without its cause"
    home.site.heal()
    home.export()
    assert home.troubles() == set()


def test_looking_ahead_goes_on_beside_a_round(home: Home) -> None:
    for number in range(1, 40):
        home.site.put("QOL", [row(number)])
    home.export()
    [site] = settings(home).sites
    ended: list[BaseException | None] = []

    def looking() -> None:
        try:
            for _ in range(20):
                commands.look_ahead(site)
                commands.status(site)
        except BaseException as error:
            ended.append(error)
        else:
            ended.append(None)

    beside = threading.Thread(target=looking)
    beside.start()
    for number in range(40, 60):
        home.site.put("QOL", [row(number)])
        home.export()
    beside.join()
    assert ended == [None]
    assert len(home.ids("QOL")) == 59
    assert home.is_clean()


def test_a_ledger_that_another_holds_is_told_and_nothing_is_changed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.export()
    home.now += timedelta(hours=2)
    [site] = settings(home).sites
    opened = sqlite3.connect

    def impatient(path: str, **how: Any) -> sqlite3.Connection:
        return opened(path, **{**how, "timeout": 0.01})

    holder = opened(home.pool / Ledger.NAME, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with monkeypatch.context() as held:
        held.setattr(sqlite.sqlite3, "connect", impatient)
        commands.look_ahead(site)  # what cannot be entered is in the log
    holder.execute("ROLLBACK")
    holder.close()
    assert home.troubles() == set()
    commands.look_ahead(site)
    assert home.troubles() == {("schedule_missed", "")}


def test_a_ledger_that_cannot_be_read_is_an_error_with_a_name(home: Home) -> None:
    home.export()
    (home.pool / Ledger.NAME).write_bytes(b"no database" * 1000)
    [site] = settings(home).sites
    with pytest.raises(StorageError, match="ledger"):
        commands.look_ahead(site)


# --- status


def test_status_tells_monitoring_what_it_asks_and_keeps_its_words(home: Home) -> None:
    home.configure(MAX_RECORDS=5000)
    home.site.put("QOL", [row(1), row(2)])
    home.site.put("TaskLog", [row(3)], deleteable=False)
    home.export(STUDY, "all")
    home.now += timedelta(minutes=1)
    found = state(home)
    assert {"scales", "last_round", "last_good", "incidents", "replicas"} <= found.keys()
    assert found["last_good"]["exit"] == 0
    assert (found["ready"], found["overdue"], found["late"]) == (True, False, {})
    at = datetime(2026, 3, 12, 12, 5, tzinfo=UTC)
    assert found["last_success_at"] == found["last_static_at"] == at.isoformat()
    assert found["last_success_s"] == 6 * 60
    assert found["next_round_at"] == (at + timedelta(minutes=5)).isoformat()
    assert found["next_static_at"] == "2026-03-13T03:30:00+00:00"
    assert found["disk"]["free_bytes"] > 0
    assert found["disk"]["grown_week_bytes"] > 100
    assert list(found["new_rows"].items())[-2:] == [("2026-03-11", 0), ("2026-03-12", 2)]
    assert len(found["new_rows"]) == 14
    assert found["on_site"] == {
        "rows": 2, "max_records": 5000, "oldest_at": at.isoformat(), "oldest_s": 6 * 60,
        "known_at": at.isoformat(),
    }  # fmt: skip
    assert (found["state"], found["level"]) == ("Well", "good")
    assert found["incidents_open"] == {"critical": 0, "error": 0, "warning": 0}
    assert found["scales"]["QOL"] == {
        "deleteable": True, "benchmark": 2, "rows": 2, "held": 0, "owed": 2, "waiting": 0,
        "last_success_at": at.isoformat(), "on_site": 2, "oldest_on_site_at": at.isoformat(),
        "oldest_on_site_s": 6 * 60,
    }  # fmt: skip
    assert found["scales"]["TaskLog"]["last_success_at"] == at.isoformat()


def test_a_scale_that_fails_keeps_the_time_of_its_last_success(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.site.put("BBSIQ", [row(2)])
    home.export()
    home.site.fault("truncated", scale="QOL")
    home.export(code=69)
    scales = state(home)["scales"]
    assert scales["QOL"]["last_success_at"] == "2026-03-12T12:05:00+00:00"
    assert scales["BBSIQ"]["last_success_at"] == "2026-03-12T12:10:00+00:00"


def test_status_ends_with_one_while_something_is_overdue(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    home.now += timedelta(minutes=10)
    state(home)
    home.now += timedelta(minutes=10)
    ended = home.run("status")
    assert ended.code == 1
    assert ended.shown["error"] == {"kind": "Overdue", "message": "overdue: study", "exit": 1}
    found = ended.shown["sites"][STUDY]
    assert (found["overdue"], list(found["late"])) == (True, ["collected"])
    home.configure(READY=False)
    assert state(home)["next_round_at"] is None
    home.configure(READY=True)
    home.export()
    state(home)


def test_a_site_that_never_went_well_is_overdue_from_its_first_round(home: Home) -> None:
    assert home.run("status").code == 0  # no pool yet
    home.site.fault("drop")
    home.export(code=69)
    state(home)
    home.now += timedelta(minutes=20)
    assert state(home, code=1)["last_success_at"] is None


def test_a_daemon_is_in_good_health_until_a_good_round_is_overdue(home: Home) -> None:
    assert home.run("health", "daemon").code == 0  # no pool yet
    home.site.put("QOL", [row(1)])
    home.export()
    assert home.run("health", "daemon").shown["told"] == "no site of 1 is overdue"
    home.now += timedelta(minutes=20)
    ill = home.run("health", "daemon")
    assert (ill.code, ill.shown["well"]) == (1, False)
    assert ill.shown["error"]["message"].startswith("overdue: study; ")
    home.export()
    assert home.run("health", "daemon").code == 0


def test_the_table_for_people_has_a_chart_and_the_times(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    home.site.put("QOL", [row(1)])
    home.export()
    home.now += timedelta(minutes=30)
    assert run(["status", "--config", str(home.folder / "config")]) == 1
    out, said = capsys.readouterr()
    assert out.startswith("study: Overdue\n")
    told = " ".join(out.split())
    assert "rounds last good round 30 min ago; rounds OVERDUE, waited for since 2026-03-12" in told
    assert "next due 2026-03-12 12:10 UTC" in told
    assert (
        "1 rows, 0 held, 1 owed, 0 waiting in 1 scale; 1 new today, 14 days ·············█" in told
    )
    assert "on the site 1 row, the oldest safe here for 30 min disk " in told
    assert max(map(len, out.splitlines())) <= 80
    assert said == "mtdata: overdue: study\n"


def test_a_chart_shows_the_least_row_and_no_row_apart() -> None:
    assert chart([0, 1, 500, 1000]) == "·▁▄█"
    assert chart([0, 0]) == "··"
    assert chart([]) == ""


# --- the file of numbers


def test_the_file_of_numbers_is_what_prometheus_reads(home: Home) -> None:
    path = home.folder / "mtdata.prom"
    home.configure(MAX_RECORDS=4)
    home.site.put("QOL", [row(1), row(2), row(3), b'{"id":4,"oops"}'])
    home.site.put("TaskLog", [row(5)], deleteable=False)
    home.export(STUDY, "all", code=1)
    assert home.run("status", "--metrics", str(path)).code == 0
    found = numbers(path)
    noon = datetime(2026, 3, 12, 12, 5, tzinfo=UTC).timestamp()
    assert found["mtdata_up", STUDY] == 1
    assert found["mtdata_last_success_timestamp_seconds", STUDY] == noon
    assert found["mtdata_next_run_timestamp_seconds", STUDY] == noon + 300
    assert found["mtdata_overdue", STUDY] == 0
    assert found["mtdata_rows", STUDY, "QOL"] == 3
    assert found["mtdata_held", STUDY, "QOL"] == 1
    assert found["mtdata_owed", STUDY, "QOL"] == 3
    assert found["mtdata_waiting", STUDY, "QOL"] == 0
    assert found["mtdata_on_site", STUDY, "QOL"] == 4
    assert found["mtdata_collected_rows_total", STUDY, "QOL"] == 4
    assert found["mtdata_rows", STUDY, "TaskLog"] == 1
    assert ("mtdata_collected_rows_total", STUDY, "TaskLog") not in found
    assert found["mtdata_oldest_on_site_timestamp_seconds", STUDY, "QOL"] == noon
    assert found["mtdata_incidents_open", STUDY, "critical"] == 1
    assert found["mtdata_incidents_open", STUDY, "error"] == 1
    assert found["mtdata_disk_free_bytes", STUDY] > 0
    assert found["mtdata_new_rows_today", STUDY] == 4
    assert found["mtdata_max_records", STUDY] == 4
    assert found["mtdata_written_timestamp_seconds",] == noon + 300
    text = path.read_text()
    assert text.count("# HELP mtdata_") == text.count("# TYPE mtdata_") == len(set(names(found)))
    assert "_created" not in text


def names(found: dict[tuple[str, ...], float]) -> list[str]:
    return [key[0] for key in found]


def test_the_file_is_for_everybody_to_read_and_nothing_else_lies_beside_it(home: Home) -> None:
    folder = home.folder / "textfile"
    folder.mkdir()
    path = folder / "mtdata.prom"
    home.export()
    (home.folder / "config" / "daemon.config").write_text(f"METRICS: {path}\n")
    before = os.umask(0o077)  # as a hardened service has it
    try:
        for _ in range(2):
            write_metrics(DUTIES, settings(home))
    finally:
        os.umask(before)
    assert [one.name for one in folder.iterdir()] == [path.name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_folder_of_numbers_that_is_not_there_is_an_error_with_its_name(home: Home) -> None:
    home.export()
    ended = home.run("status", "--metrics", str(home.folder / "none" / "mtdata.prom"))
    assert ended.code == 74
    assert "no such folder" in ended.shown["error"]["message"]
    write_metrics(DUTIES, settings(home))  # no METRICS: nothing is written


def test_a_site_whose_ledger_is_damaged_is_not_up_and_the_others_are(
    home: Home, site: StudySite
) -> None:
    path = home.folder / "mtdata.prom"
    home.configure("second", site=site)
    home.export(STUDY)
    home.run("export", "second")
    (home.pool / Ledger.NAME).write_bytes(b"no database" * 1000)
    write_metrics(DUTIES, settings(home), path)
    found = numbers(path)
    assert (found["mtdata_up", STUDY], found["mtdata_up", "second"]) == (0, 1)
