"""Files of earlier programs are told and made newer; those of a newer one are left as they are."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mtdata.core.sqlite import LedgerNewer
from mtdata.study.ledger.schema import LEDGER
from mtdata.weblogs.ledger.file import LineFile
from mtdata.weblogs.ledger.schema import WEBLOGS
from tests.system.home import STUDY, Ended, Home, row
from tests.system.kept_homes import KEPT, put_up

ODD = b'{"id":"four","session":"PRE"}'


def format_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def give_format(path: Path, number: int) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version={number}")


def told(home: Home, what: str) -> list[dict[str, object]]:
    return [one for one in home.run("check").shown["findings"] if one["what"] == what]


def said(home: Home, *words: str) -> Ended:
    """A command as a process of its own: Django takes one database a process."""
    with home.process(*words) as process:
        out, err = process.communicate(timeout=120)
    return Ended(process.returncode, json.loads(out), err)


@pytest.fixture(params=KEPT)
def kept(home: Home, request: pytest.FixtureRequest) -> Home:
    """A home as a released program left it."""
    put_up(home, KEPT[request.param])
    home.site.put("QOL", [ODD, row(5), row(6, later=1), row(7)])
    return home


def test_a_home_of_each_release_opens_goes_on_and_can_be_backed_up(kept: Home) -> None:
    ledger, before = kept.pool / "ledger.sqlite3", format_of(kept.pool / "ledger.sqlite3")
    is_older = before < LEDGER.format
    assert [one["verdict"] for one in told(kept, "format")] == ["odd"] * is_older
    assert format_of(ledger) == before  # a look makes nothing newer
    known = kept.ids("QOL")
    kept.export(STUDY, "all", code=0)
    assert format_of(ledger) == LEDGER.format
    assert sorted(kept.ids("QOL")) == sorted({*known, "5", "6", "7"})
    assert kept.is_clean()
    place = str(kept.folder / "backups")
    assert kept.run("backup", place).code == 0
    assert kept.run("restore", place, str(kept.folder / "new")).code == 0
    jobs = said(kept, "jobs", "list")
    assert {one["status"] for one in jobs.shown["jobs"]} == {"Stopped", "Queued"}


def ledger_of_pool(home: Home) -> Path:
    path = home.pool / "ledger.sqlite3"
    give_format(path, LEDGER.format + 1)
    return path


def ledger_of_program(home: Home) -> Path:
    path = home.folder / "state" / "ledger.sqlite3"
    give_format(path, format_of(path) + 1)
    return path


def marker_of_pool(home: Home) -> Path:
    path = home.pool / ".mtdata-pool"
    shown = json.loads(path.read_text())
    path.write_text(json.dumps(shown | {"format": 2}))
    return path


def message(home: Home) -> Path:
    path = sorted((home.folder / "state" / "outbox").glob("0*.json"))[0]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"of_tomorrow": 1}))
    return path


@pytest.fixture
def today(home: Home) -> Home:
    """The home of the newest release."""
    put_up(home, KEPT["0.9.0"])
    home.site.put("QOL", [ODD, row(5), row(6, later=1), row(7)])
    return home


@pytest.mark.parametrize(
    ("make_newer", "words"),
    [(ledger_of_pool, "newer program|has format"), (marker_of_pool, "has format 2")],
)
def test_a_pool_of_a_newer_program_is_refused_and_left_as_it_is(
    today: Home, make_newer: Callable[[Home], Path], words: str
) -> None:
    path = make_newer(today)
    before, asked = path.read_bytes(), len(today.site.requests)
    for command in (("export", STUDY), ("verify", STUDY), ("backup", str(today.folder / "b"))):
        ended = today.run(*command)
        assert (ended.code, "format" in ended.said) == (74, True), ended
    assert not [one for one in today.site.requests[asked:] if "QOL" in one.path]
    ended = today.run("check")
    assert ended.code == 74
    assert any(word in ended.shown["error"]["message"] for word in words.split("|"))
    assert path.read_bytes() == before


def test_a_ledger_of_a_newer_program_s_own_incidents_is_told_and_left_as_it_is(
    today: Home,
) -> None:
    path = ledger_of_program(today)
    before = path.read_bytes()
    [found] = told(today, "format")
    assert (found["verdict"], found["exit"]) == ("bad", 74)
    assert today.run("incidents").code == 74
    assert path.read_bytes() == before


def test_a_message_of_a_newer_program_waits_for_it(today: Home) -> None:
    path = message(today)
    before = path.read_bytes()
    today.export()
    [found] = told(today, "outbox")
    assert (found["verdict"], found["exit"]) == ("bad", 74)
    assert path.read_bytes() == before


def test_records_of_a_newer_program_are_refused_and_left_as_they_are(today: Home) -> None:
    path = today.folder / "state" / "programme.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('records', '9999_of_tomorrow', '2026-03-12')"
        )
        db.commit()
    for words in (("jobs", "list"), ("jobs", "add", "study.decode", f"server={STUDY}")):
        ended = said(today, *words)
        assert ended.code == 74, ended
        assert "newer program (records 9999_of_tomorrow)" in ended.said
    found = [one for one in said(today, "check").shown["findings"] if one["what"] == "DATABASE"]
    assert [(one["verdict"], one["exit"]) for one in found] == [("bad", 74)]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM records_job").fetchone() == (2,)


def test_lines_of_a_newer_program_are_refused_and_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "example.org.sqlite3"
    LineFile(path).close()
    give_format(path, WEBLOGS.format + 1)
    before = path.read_bytes()
    with pytest.raises(LedgerNewer, match="use the program that made it"):
        LineFile(path)
    assert path.read_bytes() == before
