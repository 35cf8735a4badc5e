"""Jobs by the command line: queued, carried by real children, looked at, stopped, tried again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.place import until
from tests.system.home import ROOT, STUDY, Ended, Home, row
from tests.system.test_daemon import PATIENCE_S, daemon, wait_until

ENTRIES = 12


@pytest.fixture
def stocked(home: Home) -> Iterator[Home]:
    """A home whose pool has two scales."""
    for scale in ("DASS21_AS", "Mood"):
        home.site.put(scale, [row(number) for number in range(1, ENTRIES + 1)])
    home.export(code=0)
    yield home
    from mtdata.jobs.records import setting

    setting.close_records()


def added(home: Home, *words: str) -> str:
    ended = home.run("jobs", "add", *words)
    assert ended.code == 0, ended
    assert set(ended.shown) == {"id", "name", "kind", "status"}
    assert ended.shown["status"] == "Queued"
    return str(ended.shown["id"])


def shown(home: Home, job: str) -> dict[str, Any]:
    ended = home.run("jobs", "show", job)
    assert ended.code == 0, ended
    return ended.shown


def refused(ended: Ended, code: int) -> str:
    assert ended.code == code, ended
    assert ended.shown["error"]["exit"] == code
    return str(ended.shown["error"]["message"])


def test_a_decode_job_makes_every_sheet_and_tells_rows_and_digests(stocked: Home) -> None:
    job = added(stocked, "study.decode", f"server={STUDY}")
    assert stocked.run("runner", "--once").code == 0
    told = shown(stocked, job)
    assert told["status"] == "Success", told
    assert told["parts"] == {"done": 2, "total": 2}
    assert told["rows"] == 2 * ENTRIES
    for made in told["artifacts"]:
        content = Path(made["path"]).read_bytes()
        assert sha256(content).hexdigest() == made["sha256"]
        assert made["rows"] == ENTRIES
        assert content == (stocked.pool / "active_data" / made["name"]).read_bytes()
    leftovers = list((stocked.pool / "recovered_data").rglob(".*.staged"))
    assert leftovers == []


def test_a_decode_of_one_scale_makes_only_its_sheet(stocked: Home) -> None:
    job = added(stocked, "study.decode", f"server={STUDY}", "scale=mood")
    assert stocked.run("runner", "--once").code == 0
    told = shown(stocked, job)
    assert (told["status"], told["rows"]) == ("Success", ENTRIES)
    assert [made["name"] for made in told["artifacts"]] == [
        path.name for path in stocked.paths("active_data", "Mood")
    ]


def test_a_decode_without_a_ledger_takes_raw_file_by_raw_file(stocked: Home) -> None:
    for path in stocked.pool.glob("ledger.sqlite3*"):
        path.unlink()
    job = added(stocked, "study.decode", f"server={STUDY}")
    assert stocked.run("runner", "--once").code == 0
    told = shown(stocked, job)
    assert (told["status"], told["rows"], told["parts"]["done"]) == ("Success", 2 * ENTRIES, 2)


def test_an_export_job_collects_what_the_site_has(stocked: Home) -> None:
    stocked.site.put("Mood", [row(100), row(101)])
    job = added(stocked, "study.export", f"server={STUDY}", "scale=Mood")
    assert stocked.run("runner", "--once").code == 0
    told = shown(stocked, job)
    assert (told["status"], told["rows"]) == ("Success", 2)
    assert {"100", "101"} <= set(stocked.ids("Mood"))
    refused(stocked.run("jobs", "undo", job), 65)


def test_an_export_that_fails_says_why_and_can_be_tried_again(stocked: Home) -> None:
    stocked.configure(PASS="wrong")
    job = added(stocked, "study.export", f"server={STUDY}")
    stocked.run("runner", "--once")
    told = shown(stocked, job)
    assert told["status"] == "Failed"
    assert "study" in told["reason"]
    assert "wrong" not in str(told)
    stocked.configure(PASS=stocked.site.password)
    retried = stocked.run("jobs", "retry", job)
    assert (retried.code, retried.shown["id"], retried.shown["attempt"]) == (0, job, 2)
    stocked.run("runner", "--once")
    assert shown(stocked, job)["status"] == "Success"


def test_names_are_of_their_own_and_find_the_job(home: Home) -> None:
    first, second = (added(home, "study.decode", f"server={STUDY}") for _ in range(2))
    assert home.run("jobs", "show", f"study.decode_{STUDY}").shown["id"] == first
    assert home.run("jobs", "show", f"study.decode_{STUDY}_2").shown["id"] == second
    listed = home.run("jobs", "list", "--status", "Queued").shown["jobs"]
    assert {job["id"] for job in listed} == {first, second}


def test_a_stop_of_an_ended_job_changes_nothing_and_says_so(home: Home) -> None:
    job = added(home, "study.decode", f"server={STUDY}")
    assert home.run("jobs", "stop", job).shown["status"] == "Stopped"
    again = home.run("jobs", "stop", job)
    assert (again.code, again.shown["status"]) == (0, "Stopped")
    assert "ended already" in again.shown["note"]
    assert "ended already" in again.said
    events = home.run("jobs", "log", job).shown["events"]
    assert events[0]["text"] == "added"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["study.decod", "server=study"], 64, "Did you mean study.decode?"),
        (["study.decode"], 64, "needs server="),
        (["study.decode", "server=study", "scales=all"], 64, "Did you mean scale?"),
        (["study.decode", "server"], 64, "NAME=VALUE"),
        (["study.decode", "server=study", "server=study"], 64, "twice"),
        (["study.decode", "server=nobody"], 65, "no site named"),
        (["study.decode", "server=study", "scale=../etc"], 65, "no name of a scale"),
        (["study.export", "server=nobody"], 65, "no site named"),
    ],
)
def test_a_refused_job_is_not_added(home: Home, words: list[str], code: int, told: str) -> None:
    assert told in refused(home.run("jobs", "add", *words), code)
    assert home.run("jobs", "list").shown == {"jobs": []}


def test_an_unknown_job_is_told(home: Home) -> None:
    for order in ("show", "log", "stop", "retry", "undo"):
        assert "there is no job 'x'" in refused(home.run("jobs", order, "x"), 64)


def test_tables_are_made_by_themselves_and_only_the_owner_reads_them(home: Home) -> None:
    assert home.run("jobs", "list").code == 0
    file = home.folder / "state" / "programme.sqlite3"
    assert file.stat().st_mode & 0o077 == 0
    assert home.run("migrate").shown == {"database": f"sqlite:///{file}", "steps": 0}


def test_a_database_that_is_not_there_is_told_without_its_password(home: Home) -> None:
    config = home.folder / "config" / "programme.config"
    for url in ("postgres://me:s3cr%40t@127.0.0.1:9/x", "mysql://me:s3cr%40t@127.0.0.1:9/x"):
        config.write_text(f"DATABASE: {url}\n")
        ended = home.run("jobs", "list")
        refused(ended, 69)
        assert "s3cr" not in str(ended)
    config.write_text("DATABASE: oracle://me:s3cr@127.0.0.1/x\n")
    ended = home.run("jobs", "list")
    refused(ended, 78)
    assert "s3cr" not in str(ended)


def test_a_runner_ends_when_it_is_asked_to(stocked: Home) -> None:
    job = added(stocked, "study.decode", f"server={STUDY}")
    runner = stocked.process("runner")
    until(lambda: shown(stocked, job)["status"] == "Success", "the end of the job")
    runner.terminate()
    out, said = runner.communicate(timeout=60)
    assert (runner.returncode, json.loads(out)) == (0, {"exit": 0}), said


@pytest.mark.parametrize(
    "command", [("export", STUDY), ("daemon", "--once")], ids=["a round", "what is due"]
)
def test_the_study_loads_neither_django_nor_a_driver(home: Home, command: tuple[str, ...]) -> None:
    home.site.put("Mood", [row(1)])
    program = (
        "import sys; from mtdata.cli.main import run; code = run(sys.argv[1:]); "
        "heavy = {'celery', 'kombu', 'django', 'pymysql', 'psycopg', 'MySQLdb'}; "
        "print(sorted(heavy & set(sys.modules)), code)"
    )
    words = home.words(*command)[3:]
    done = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[] 0", done


def test_the_daemon_carries_jobs_beside_its_rounds_and_hands_back_at_its_end(
    stocked: Home,
) -> None:
    stocked.configure(EVERY="1s")
    job = added(stocked, "study.decode", f"server={STUDY}")
    with daemon(stocked) as started:
        wait_until(lambda: stocked.run("jobs", "show", job).shown["status"] == "Success", "its end")
        started.send_signal(signal.SIGTERM)
        started.communicate(timeout=PATIENCE_S)
    assert started.returncode == 0
    assert len(list((stocked.pool / "recovered_data").glob("*.csv"))) == 2
