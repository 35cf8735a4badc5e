"""Reports of CAKE by the command line, from a stand-in to files: whole, once, resumable, undone."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
import yaml

from mtdata.demo.cake.site import KEY, CakeSite
from mtdata.demo.study.site import StudySite
from tests.bucket import KEYS, Bucket
from tests.jobs.place import until
from tests.preloaded import fork_children_of_jobs
from tests.system.home import Heard, Home

DAY, DAYS = "10-01-2016", {"from": "10-01-2016", "to": "10-01-2016"}
START = datetime(2016, 1, 10)
ONE_DAY = timedelta(days=1)


@pytest.fixture
def cake() -> Iterator[CakeSite]:
    with CakeSite(clicks_a_day=2_400, events_a_day=240) as site:
        yield site


class Cakery(Home):
    """A home with an account; the children of its jobs are forked (tests/preloaded.py)."""

    def __init__(self, folder: Path, site: StudySite, heard: Heard) -> None:
        super().__init__(folder, site, heard)
        fork_children_of_jobs()

    def account(self, cake: CakeSite, **keys: Any) -> None:
        """export.config, with changed keys."""
        base = {
            "ADMIN_DOMAIN": cake.domain,
            "SCHEME": "http",
            "API_KEY": KEY,
            "TIMEZONE": "Europe/Berlin",
            "OUTPUT": "reports",
            "RATE": 100,
            "CLICK_WINDOW": "1h",
            "TIMEOUT": "20s",
        }
        text = yaml.safe_dump({"CAKE": base | keys})
        (self.folder / "config" / "export.config").write_text(text)

    def order(self, kind: str, **given: str) -> str:
        """Queue a job; its id."""
        ended = self.run("jobs", "add", kind, *[f"{name}={word}" for name, word in given.items()])
        assert ended.code == 0, ended
        return str(ended.shown["id"])

    def carried(self, job: str, status: str = "Success") -> dict[str, Any]:
        """Carry what is queued; how the job stands."""
        assert self.run("runner", "--once").code == 0
        told = self.run("jobs", "show", job).shown
        assert told["status"] == status, told
        return told

    def files(self) -> dict[str, bytes]:
        """Every file of the output, by name."""
        return {p.name: p.read_bytes() for p in sorted((self.folder / "reports").iterdir())}


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cakery]:
    from mtdata.jobs.records import setting

    with StudySite() as site:
        yield Cakery(tmp_path, site, lambda: tuple(capsys.readouterr()))  # type: ignore[arg-type]
    setting.close_records()


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def ids(files: dict[str, bytes], header: str) -> list[int]:
    return sorted(int(row[header]) for content in files.values() for row in rows(content))


def expected(found: list[dict[str, str]], key: str) -> list[int]:
    return sorted(int(row[key]) for row in found)


def test_a_day_of_clicks_is_24_files_with_each_click_once(home: Cakery, cake: CakeSite) -> None:
    from mtdata.jobs.records.models import Part, Tally

    home.account(cake)
    job = home.order("cake.clicks", **DAYS)
    told = home.carried(job)
    files = home.files()
    assert len(files) == 24
    assert "ClickReport_10012016_0000_0100.csv" in files
    assert "ClickReport_10012016_2300_0000.csv" in files
    wanted = cake.clicks_of(START, START + ONE_DAY)
    assert ids(files, "Click ID") == expected(wanted, "click_id")
    assert told["parts"] == {"done": 24, "total": 24}
    tally = Tally.objects.get(kind="cake.clicks", account=told["parameters"]["account"])
    assert (tally.succeeded, tally.rows, tally.faults) == (1, len(wanted), 0)
    assert tally.calls >= 24
    assert sum(Part.objects.filter(job=job).values_list("calls", flat=True)) == tally.calls
    assert tally.seconds > 0
    assert told["rows"] == len(wanted)
    for made in told["artifacts"]:
        assert sha256(files[made["name"]]).hexdigest() == made["sha256"]
        assert len(rows(files[made["name"]])) == made["rows"]
    for name, content in files.items():
        hours = {row["Click Date"][:13] for row in rows(content)}
        assert hours <= {f"10-01-2016T{name[21:23]}"}
    assert list((home.folder / "state" / "spool").iterdir()) == []
    assert KEY not in str(home.noises)


def test_a_day_of_conversions_is_one_file(home: Cakery, cake: CakeSite) -> None:
    home.account(cake)
    job = home.order("cake.conversions", **{"from": "2016-01-10", "to": "2016-01-12"})
    told = home.carried(job)
    assert told["name"] == "report_10012016_12012016"
    files = home.files()
    assert set(files) == {"report_10012016_12012016.csv"}
    wanted = cake.events_of(START, START + 3 * ONE_DAY)
    assert ids(files, "Conversion ID") == expected(wanted, "event_conversion_id")
    [made] = told["artifacts"]
    assert (made["rows"], told["parts"]) == (len(wanted), {"done": 3, "total": 3})
    assert list((home.folder / "state" / "spool").iterdir()) == []


def test_what_changed_comes_with_its_newest_state(home: Cakery, cake: CakeSite) -> None:
    home.account(cake)
    cake.reports.now = lambda: datetime(2016, 1, 12, tzinfo=UTC)
    [event] = cake.events_of(START - ONE_DAY, START)[:1]
    changed = int(event["event_conversion_id"])
    cake.reports.change(changed, START + ONE_DAY, "Rejected", "0.5000")
    told = home.carried(home.order("cake.changes", since="10-01-2016"))
    [content] = home.files().values()
    found = {int(row["Conversion ID"]): row for row in rows(content)}
    new = cake.events_of(START, datetime(2016, 1, 12, 1))
    assert set(found) == {changed, *expected(new, "event_conversion_id")}
    assert (found[changed]["Disposition"], found[changed]["Paid"]) == ("Rejected", "0.5000")
    assert told["rows"] == len(found)


def test_both_kinds_of_one_account_never_run_together(home: Cakery, cake: CakeSite) -> None:
    home.account(cake)
    jobs = [home.order("cake.clicks", **DAYS), home.order("cake.conversions", **DAYS)]
    cake.at_once = 1
    for job in jobs:
        home.carried(job)


@pytest.mark.parametrize(
    ("day", "count"), [(date(2016, 10, 30), 25), (date(2016, 3, 27), 23)], ids=["long", "short"]
)
def test_days_of_25_and_of_23_hours_lose_nothing(
    home: Cakery, cake: CakeSite, day: date, count: int
) -> None:
    home.account(cake)
    home.carried(home.order("cake.clicks", **{"from": day.isoformat(), "to": day.isoformat()}))
    files = home.files()
    assert len(files) == count
    start = datetime.combine(day, datetime.min.time())
    assert ids(files, "Click ID") == expected(cake.clicks_of(start, start + ONE_DAY), "click_id")
    if count == 25:
        second = files[f"ClickReport_{day:%d%m%Y}_0200_0300_2.csv"]
        first = files[f"ClickReport_{day:%d%m%Y}_0200_0300.csv"]
        assert max(ids({"": first}, "Click ID")) < min(ids({"": second}, "Click ID"))


def test_a_day_with_failing_calls_gives_the_same_files(home: Cakery, cake: CakeSite) -> None:
    home.account(cake, PAGE=20)
    home.carried(home.order("cake.clicks", **DAYS))
    undisturbed = home.files()
    for kind, every in (("gateway", 31), ("truncated", 37)):
        cake.fault(kind, operation="Clicks", every=every)
    home.carried(home.order("cake.clicks", **DAYS))
    assert home.files() == undisturbed


def test_a_killed_runner_repeats_no_finished_hour(home: Cakery, cake: CakeSite) -> None:
    home.account(cake, RATE=5)
    job = home.order("cake.clicks", **DAYS)
    runner = subprocess.Popen(home.words("runner", "--once"), start_new_session=True)
    until(lambda: len(list((home.folder / "reports").glob("Click*"))) >= 3, "three files")
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    done = len(list((home.folder / "reports").glob("Click*")))
    from datetime import timedelta as span

    from mtdata.jobs.records.asking import now
    from mtdata.jobs.records.models import Part

    home.run("jobs", "list")
    Part.objects.filter(status="In Progress").update(leased_until=now() - span(seconds=1))
    home.account(cake)
    asked = len(cake.calls)
    told = home.carried(job)
    wanted = cake.clicks_of(START, START + ONE_DAY)
    assert ids(home.files(), "Click ID") == expected(wanted, "click_id")
    assert told["rows"] == len(wanted)
    assert len(cake.calls) - asked <= 24 - done + 3


def failed_behind_its_first_days(home: Cakery, cake: CakeSite) -> str:
    """A job of three days of conversions that has spooled some of them and then failed; its id."""
    home.account(cake, CONVERSION_WINDOW="1d")
    cake.fault("status", operation="EventConversions", every=3, code=404)
    job = home.order("cake.conversions", **{"from": "2016-01-10", "to": "2016-01-12"})
    home.carried(job, "Failed")
    cake.heal()
    assert len(list((home.folder / "state" / "spool").glob("*.sqlite3"))) >= 2
    return job


def retried(home: Cakery, job: str) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """The rows of its one file, and how it stands."""
    assert home.run("jobs", "retry", job).code == 0
    told = home.carried(job)
    [content] = home.files().values()
    return rows(content), told


def test_days_spooled_under_another_config_are_asked_for_again(
    home: Cakery, cake: CakeSite
) -> None:
    job = failed_behind_its_first_days(home, cake)
    home.account(cake, CONVERSION_COLUMNS={"Again": "event_conversion_id"}, INCLUDE_TESTS=True)
    found, told = retried(home, job)
    wanted = cake.events_of(START, START + 3 * ONE_DAY, "plain", "test")
    assert sorted(int(row["Conversion ID"]) for row in found) == expected(
        wanted, "event_conversion_id"
    )
    assert all(row["Again"] == row["Conversion ID"] for row in found), "a cell for each header"
    assert "export.config was changed" in str(told["events"])


def test_days_spooled_under_the_same_config_are_not_asked_for_again(
    home: Cakery, cake: CakeSite
) -> None:
    job = failed_behind_its_first_days(home, cake)
    asked = len(cake.calls)
    home.account(cake, CONVERSION_WINDOW="12h", RATE=50)  # how fast, and in what pieces
    found, _ = retried(home, job)
    wanted = cake.events_of(START, START + 3 * ONE_DAY)
    assert len(found) == len(wanted)
    assert len(cake.calls) - asked <= 4


@pytest.mark.parametrize("damage", ["page", "head", "foreign"])
def test_a_torn_spool_is_begun_anew(home: Cakery, cake: CakeSite, damage: str) -> None:
    job = failed_behind_its_first_days(home, cake)
    for spool in (home.folder / "state" / "spool").glob("*.sqlite3"):
        content = bytearray(spool.read_bytes())
        if damage == "foreign":
            content = bytearray(b"Somebody else's words, and no spool\n" * 300)
        elif damage == "head":
            content[:16] = b"\xff" * 16
        else:
            content[8192:] = b"\xff" * (len(content) - 8192)
        spool.write_bytes(content)
    assert home.run("jobs", "retry", job).code == 0
    assert home.run("runner", "--once").code == 0
    told = home.run("jobs", "show", job).shown
    if told["status"] != "Success":  # what is read before the damage shows may be one attempt
        assert home.run("jobs", "retry", job).code == 0
        home.carried(job)
    [content_] = home.files().values()
    wanted = cake.events_of(START, START + 3 * ONE_DAY)
    assert ids({"": content_}, "Conversion ID") == expected(wanted, "event_conversion_id")


@pytest.mark.parametrize("kind", ["cake.clicks", "cake.conversions"])
def test_an_instance_that_gives_the_same_page_again_loses_no_row(
    home: Cakery, cake: CakeSite, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def first_rows(values: dict[str, Any]) -> tuple[int, int]:
        left = cake.row_cap - max(values["start_at_row"], 1) + 1
        return 0, max(0, min(values["row_limit"], left))

    home.account(cake, PAGE=30, CONVERSION_WINDOW="1d")
    monkeypatch.setattr(cake, "_row_range", first_rows)
    told = home.carried(home.order(kind, **DAYS))
    header, key, wanted = (
        ("Click ID", "click_id", cake.clicks_of(START, START + ONE_DAY))
        if kind == "cake.clicks"
        else ("Conversion ID", "event_conversion_id", cake.events_of(START, START + ONE_DAY))
    )
    assert ids(home.files(), header) == expected(wanted, key)
    assert told["rows"] == len(wanted)


def test_an_undone_job_takes_its_own_files_back(home: Cakery, cake: CakeSite) -> None:
    home.account(cake)
    first = home.order("cake.clicks", **DAYS)
    home.carried(first)
    other = home.folder / "reports" / "ClickReport_10012016_0500_0600.csv"
    other.write_bytes(b"somebody else's by now")
    assert home.run("jobs", "undo", first).code == 0
    told = home.carried(first, "Stopped")
    assert set(home.files()) == {other.name}
    first_name, last_name = (
        f"ClickReport_10012016_{hours}.csv" for hours in ("0000_0100", "2300_0000")
    )
    said = [one["text"].partition(": ")[2] for one in told["events"] if "Report_" in one["text"]]
    assert said == [
        f"23 files are removed, from {first_name} to {last_name}",
        f"{other.name} stays: it is not what this job put there",
    ], "a line for each fate: they are what people look for among all that happened"


def test_an_undone_job_takes_its_files_back_from_a_store_too(
    home: Cakery, cake: CakeSite, bucket: Bucket
) -> None:
    keys = {"ENDPOINT": bucket.store.url, "ACCESS_KEY": KEYS[0], "SECRET_KEY": KEYS[1]}
    home.account(cake, OUTPUT=f"s3://{bucket.name}/cake", REGION="us-east-1", **keys)
    bucket.store.fault("capitals", "HEAD", "GET")
    job = home.order("cake.conversions", **DAYS)
    home.carried(job)
    [name] = bucket.names()
    assert home.run("jobs", "undo", job).code == 0
    home.carried(job, "Stopped")
    assert bucket.names() == []
    other = home.order("cake.conversions", **DAYS)
    home.carried(other)
    bucket.change(name, b"of somebody else by now")
    assert home.run("jobs", "undo", other).code == 0
    told = home.carried(other, "Stopped")
    assert bucket.names() == [name]
    assert any(f"{name.removeprefix('cake/')} stays" in one["text"] for one in told["events"])


def test_no_rows_at_all_never_take_the_place_of_rows(home: Cakery, cake: CakeSite) -> None:
    home.account(cake)
    home.carried(home.order("cake.conversions", **DAYS))
    kept = home.files()
    with CakeSite(clicks_a_day=0, events_a_day=0) as empty:
        home.account(empty)
        told = home.carried(home.order("cake.conversions", **DAYS))
    assert home.files() == kept
    assert any("stays" in event["text"] for event in told["events"])


def test_files_go_to_a_bucket(home: Cakery, cake: CakeSite, bucket: Bucket) -> None:
    home.account(
        cake,
        OUTPUT=f"s3://{bucket.name}/cake",
        ENDPOINT=bucket.store.url,
        REGION="us-east-1",
        ACCESS_KEY=KEYS[0],
        SECRET_KEY=KEYS[1],
    )
    told = home.carried(home.order("cake.conversions", **DAYS))
    [made] = told["artifacts"]
    assert made["url"] == f"s3://{bucket.name}/cake/report_10012016_10012016.csv"
    content = bucket.read("cake/report_10012016_10012016.csv")
    assert sha256(content).hexdigest() == made["sha256"]
    [signed] = home.run("jobs", "show", told["id"], "--links").shown["artifacts"]
    assert requests.get(signed["link"], timeout=60).content == content
    assert "link" not in made


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"API_KEY": "wrong"}, "does not accept the key"),
        ({"ADMIN_DOMAIN": "127.0.0.1:9"}, "127.0.0.1:9"),
        ({"OUTPUT": "taken"}, "taken"),
    ],
)
def test_what_cannot_be_fails_with_the_reason(
    home: Cakery, cake: CakeSite, keys: dict[str, str], told: str
) -> None:
    (home.folder / "taken").write_text("a file where a folder should be")
    home.account(cake, **keys)
    job = home.order("cake.conversions", **DAYS)
    assert home.run("runner", "--once").code == 0
    shown = home.run("jobs", "show", job).shown
    assert shown["status"] in ("Failed", "In Progress")
    assert told in json.dumps(shown["events"])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"from": "10-01-2016"}, 64),
        ({"from": "11-01-2016", "to": "10-01-2016"}, 65),
        ({"from": "10-01-2016", "to": "01-01-2099"}, 65),
        ({"from": "01-01-2010", "to": "10-01-2016"}, 65),
        (DAYS | {"account": "nobody"}, 65),
    ],
)
def test_a_wrong_order_is_refused(
    home: Cakery, cake: CakeSite, given: dict[str, str], code: int
) -> None:
    home.account(cake)
    words = [f"{name}={word}" for name, word in given.items()]
    assert home.run("jobs", "add", "cake.clicks", *words).code == code


def test_without_an_account_it_says_where_one_is_named(home: Cakery) -> None:
    ended = home.run("jobs", "add", "cake.clicks", "from=10-01-2016", "to=10-01-2016")
    assert ended.code == 65
    assert "export.config" in ended.said


def let_time_come(job: str) -> None:
    """As if the time until which it waits had come."""
    from mtdata.jobs.records.asking import now
    from mtdata.jobs.records.models import Job, Part

    Job.objects.filter(pk=job).update(not_before=now())
    Part.objects.filter(job=job).exclude(not_before=None).update(not_before=now())


def test_a_report_of_today_holds_neither_the_slot_nor_the_account(
    home: Cakery, cake: CakeSite
) -> None:
    home.account(cake, SETTLE="2h")
    today = datetime.now(ZoneInfo("Europe/Berlin")).date().isoformat()
    waits = home.order("cake.conversions", **{"from": today, "to": today})
    other = home.order("cake.conversions", **DAYS)
    home.carried(other)
    told = home.run("jobs", "show", waits).shown
    assert told["status"] == "Queued"
    assert "CAKE has not settled the day (SETTLE)" in told["reason"]
    until = datetime.fromisoformat(told["not_before"])
    assert timedelta(hours=1) < until - datetime.now(UTC) < timedelta(hours=27)
    calls = len(cake.calls)
    assert home.run("runner", "--once").shown["carried"] == 0  # nobody looks before its time
    assert len(cake.calls) == calls
    home.account(cake, SETTLE="2h", UNSETTLED="wait")
    assert home.run("jobs", "stop", waits).shown["status"] == "Stopped"
    assert not [one for one in (home.folder / "state" / "spool").iterdir() if waits in one.name]


def test_a_day_that_is_not_over_is_taken_as_it_is_where_the_order_says_so(
    home: Cakery, cake: CakeSite
) -> None:
    home.account(cake, SETTLE="2h", UNSETTLED="refuse")
    today = datetime.now(ZoneInfo("Europe/Berlin")).date().isoformat()
    days = {"from": today, "to": today}
    told = home.carried(home.order("cake.conversions", **days), "Failed")
    assert "is not settled before" in told["reason"]
    told = home.carried(home.order("cake.conversions", **days, unsettled="now"))
    assert [made["name"][:7] for made in told["artifacts"]] == ["report_"]
    refused = home.run("jobs", "add", "cake.clicks", f"from={today}", f"to={today}", "unsettled=x")
    assert refused.code == 65


def test_a_wish_for_long_peace_is_heeded_by_the_job_and_not_in_a_slot(
    home: Cakery, cake: CakeSite
) -> None:
    home.account(cake)
    cake.fault("throttled", times=1, retry_after="3600")
    job = home.order("cake.conversions", **DAYS)
    told = home.carried(job, "Queued")
    assert "is busy or down (429)" in told["reason"]
    until = datetime.fromisoformat(told["not_before"])
    assert timedelta(minutes=50) < until - datetime.now(UTC) < timedelta(minutes=61)
    (pace,) = (home.folder / "state").glob("*.pace")
    pace.unlink()
    let_time_come(job)
    told = home.carried(job)
    assert told["rows"] == len(cake.events_of(START, START + ONE_DAY))
    assert not any("lost" in event["text"] for event in told["events"])


def test_one_bad_cell_costs_no_report_and_is_told(
    home: Cakery, cake: CakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cake.reports.event_values
    far = iter(["9999-12-31T23:59:59.9999999", "0001-01-01T10:00:00", "never", "\x01"] * 1000)

    def spoilt(born: Any) -> dict[str, object]:
        return whole(born) | {"click_at": next(far), "click_at_ms": 999_999_999_999_999}

    monkeypatch.setattr(cake.reports, "event_values", spoilt)
    wanted = expected(cake.events_of(START, START + ONE_DAY), "event_conversion_id")
    for dialect in ("xml", "json"):
        home.account(cake, DIALECT=dialect, OUTPUT=f"reports/{dialect}", SERVER_TIMEZONE="UTC")
        told = home.carried(home.order("cake.conversions", **DAYS))
        (file,) = (home.folder / "reports" / dialect).iterdir()
        assert sorted(int(row["Conversion ID"]) for row in rows(file.read_bytes())) == wanted
        assert any("stand as they came" in event["text"] for event in told["events"]), told[
            "events"
        ]
    with pytest.raises(AssertionError, match="65"):
        home.order("cake.clicks", **{"from": "0001-01-01", "to": "0001-01-02"})
    assert "is before 2000-01-01" in str(home.noises[-1]) + str(home.noises[-2])


def test_an_order_of_the_records_that_no_calendar_has_fails_and_kills_no_child(
    home: Cakery, cake: CakeSite
) -> None:
    from mtdata.jobs.records.models import Job

    home.account(cake)
    job = home.order("cake.clicks", **DAYS)
    kept = Job.objects.get(pk=job)
    kept.parameters |= {"from": "0001-01-01", "to": "0001-01-01"}
    kept.save()
    assert "no day that a job can ask for" in home.carried(job, "Failed")["reason"]
