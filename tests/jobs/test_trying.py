"""`mtdata check` asks the records and the broker, and tells what is wrong without a password."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mtdata.cli.main import run
from mtdata.jobs.celery import app as broker
from mtdata.jobs.check import check_jobs
from tests.jobs.conftest import ENGINES
from tests.jobs.place import SITE, Place
from tests.unit.config_folder import Folder

pytestmark = pytest.mark.usefixtures("patient")
SECRET = "an-invented-secret"
RINGING = [f"sqlite-{broker}" for broker in ("rabbitmq", "sqs")]


def told(place: Place) -> dict[str, tuple[str, str]]:
    """What was found, and how it was told, by what was asked."""
    return {one.what: (one.verdict, one.told) for one in check_jobs(place.settings)}


@pytest.mark.parametrize("place", ENGINES, indirect=True)
def test_a_database_that_answers_is_good_and_no_broker_is_asked(place: Place) -> None:
    found = told(place)
    assert list(found) == ["DATABASE"]
    assert found["DATABASE"] == ("good", f"{place.settings.database.redacted()}: it answers")


@pytest.mark.parametrize("place", ["postgres", "mysql"], indirect=True)
def test_tables_that_are_missing_are_told_and_not_made(place: Place, empty: str) -> None:
    place.configure(DATABASE=empty)
    verdict, words = told(place)["DATABASE"]
    assert verdict == "bad"
    assert "`mtdata migrate` makes them" in words
    assert told(place)["DATABASE"][0] == "bad"


@pytest.mark.parametrize("engine", ["postgres", "mysql"])
def test_a_database_that_is_away_is_told_with_its_place_and_no_password(
    plain: Place, engine: str, nobody: int
) -> None:
    url = f"{engine}://me:{SECRET}@127.0.0.1:{nobody}/records"
    plain.configure(DATABASE=url)
    [found] = check_jobs(plain.settings)
    assert (found.verdict, found.exit) == ("bad", 69)
    assert f"{engine}://127.0.0.1:{nobody}/records" in found.told
    assert SECRET not in found.told


def test_records_that_nobody_has_made_are_not_made_by_looking(tmp_path: Path) -> None:
    folder = Folder(tmp_path).server({"study": SITE})
    assert check_jobs(folder.load()) == []
    assert not list(tmp_path.rglob("*.sqlite3"))


def test_a_file_that_is_no_database_is_told(plain: Place, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"no database at all, whatever its name" * 100)
    plain.configure(DATABASE=f"sqlite:///{tmp_path}/other")
    [found] = check_jobs(plain.settings)
    assert (found.verdict, found.what, found.exit) == ("bad", "DATABASE", 69)


def test_looking_leaves_older_tables_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "records.sqlite3"
    sqlite3.connect(file).close()
    folder = Folder(tmp_path).server({"study": SITE})
    folder.file("programme.config", {"DATABASE": f"sqlite:///{file}"})
    [found] = check_jobs(folder.load())
    assert (found.verdict, "of an older program" in found.told) == ("odd", True)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


@pytest.mark.parametrize("place", RINGING, indirect=True)
def test_a_broker_that_takes_us_in_is_good_and_is_told_nothing(place: Place) -> None:
    assert place.broker is not None
    place.carry()
    place.listening()  # the queue is there
    place.stop()
    assert told(place)["BROKER"][0] == "good"
    assert place.broker.waiting() == 0


@pytest.mark.parametrize("scheme", ["amqp", "sqs"])
def test_a_broker_that_is_away_is_told_with_what_that_means(
    plain: Place, scheme: str, nobody: int, capsys: pytest.CaptureFixture[str]
) -> None:
    plain.configure(ENGINE="celery", BROKER=f"{scheme}://u:{SECRET}@127.0.0.1:{nobody}")
    assert run(["check", "--json", "--config", str(plain.folder / "config")]) == 69
    out, err = capsys.readouterr()
    [found] = [one for one in json.loads(out)["findings"] if one["what"] == "BROKER"]
    assert found["verdict"] == "bad"
    assert f"127.0.0.1:{nobody}" in found["told"]
    assert "SWEEP_S" in found["told"]
    assert SECRET not in out + err


def test_an_engine_without_its_packages_is_a_fault_of_the_config(
    plain: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.configure(ENGINE="celery", BROKER="amqp://127.0.0.1")
    monkeypatch.setitem(sys.modules, "celery", None)
    broker.app_of.cache_clear()
    [found] = [one for one in check_jobs(plain.settings) if one.what == "BROKER"]
    assert (found.verdict, found.exit) == ("bad", 78)
    assert "pip install 'mtdata-collect[celery]'" in found.told


@pytest.mark.parametrize("place", ["sqlite-rabbitmq"], indirect=True)
def test_a_broker_that_refuses_the_account_is_told_without_it(place: Place) -> None:
    assert place.broker is not None
    place.configure(BROKER=place.broker.url.replace("guest:guest", f"guest:{SECRET}"))
    verdict, words = told(place)["BROKER"]
    assert (verdict, "AccessRefused" in words, SECRET in words) == ("bad", True, False)
