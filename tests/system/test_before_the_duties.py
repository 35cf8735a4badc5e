"""A home that the program made before its house was laid out by duty opens, and goes on.

The data is small and as it was made (commit 3e6f607): a pool with rows that are deleted on the
site, rows that are owed, one entry that is held; two mails that wait; a job that is Stopped, one
that is Queued; a user with a token; a log.config that names a class of mtdata.logs.
"""

from __future__ import annotations

import csv
import json
import subprocess

import pytest

from tests.mailbox import mailbox
from tests.system.home import STUDY, Home, row
from tests.system.kept_homes import KEPT, put_up

ODD = b'{"id":"four","session":"PRE"}'


@pytest.fixture
def earlier(home: Home) -> Home:
    """The home as it was left, with databases made anew from what was in them."""
    put_up(home, KEPT["before the duties"])
    home.site.put("QOL", [ODD, row(5), row(6, later=1)])
    return home


def _said(home: Home, *words: str) -> dict[str, object]:
    """A command as a process of its own: Django takes one database a process."""
    with home.process(*words) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, (words, out, err)
    shown: dict[str, object] = json.loads(out)
    return shown


def test_its_pool_goes_on_and_nothing_is_collected_twice(earlier: Home) -> None:
    earlier.site.put("QOL", [row(7)])
    did = earlier.export()["QOL"]
    assert (did["fresh"], did["appended"], did["held"], did["owed"]) == (1, 1, 1, 3)
    sheets = sorted((earlier.pool / "active_data").glob("QOL_*.csv"))
    texts = [path.read_text(encoding="utf-8").splitlines() for path in sheets]
    ids = [line["id"] for text in texts for line in csv.DictReader(text)]
    assert sorted(ids) == ["1", "2", "5", "6", "7"]
    for words in (("verify", STUDY), ("decode", STUDY, "--check")):
        ended = earlier.run(*words)
        assert ended.code == 0, ended
    assert ("entry_malformed", "QOL") in earlier.troubles()


def test_what_is_owed_is_deleted_by_the_old_proof(earlier: Home) -> None:
    config = earlier.folder / "config" / "server.config"
    config.write_text(config.read_text().replace("DELETE_MODE: false", "DELETE_MODE: true"))
    assert earlier.export()["QOL"]["deleted"] == 2
    assert earlier.site.ids("QOL") == []
    assert earlier.export()["QOL"]["held"] == 1


def test_mails_that_wait_go_out_and_its_own_log_is_written(earlier: Home) -> None:
    with mailbox() as box:
        config = earlier.folder / "config" / "log.config"
        config.write_text(config.read_text().replace("PORT: 9", f"PORT: {box.port}"))
        earlier.export()
        told = [mail.subject.partition("] ")[2] for mail in box.mails]
    assert len(told) >= 2
    assert "round ended" in (earlier.folder / "logs" / "own.log").read_text()


def test_its_jobs_and_users_are_there_and_what_is_queued_is_carried(earlier: Home) -> None:
    assert _said(earlier, "user", "tokens", "carla")["tokens"]
    _said(earlier, "runner", "--once")
    found = _said(earlier, "jobs", "list")
    states = {job["name"]: job["status"] for job in found["jobs"]}  # type: ignore[attr-defined]
    assert states == {"study.export_study": "Stopped", "study.decode_study": "Success"}


def test_an_older_program_is_not_needed_to_look(earlier: Home) -> None:
    assert earlier.run("status", STUDY).code in (0, 1)  # 1: its last good round is long past
    assert earlier.run("check").code in (0, 1)
    assert subprocess.run(earlier.words("--version"), capture_output=True).returncode == 0
