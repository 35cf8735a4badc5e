"""The records themselves: clock, isolation, tables, and the commands over every database."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from mtdata.cli.main import run
from mtdata.core.errors import RecordsError
from mtdata.jobs.records import setting
from mtdata.jobs.records.asking import now
from tests.fakes_log import log_given_back
from tests.jobs.place import Place


def _asked(words: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(words)
        return cursor.fetchone()[0]


def test_the_clock_of_the_database_is_aware_and_exact(place: Place) -> None:
    before = time.time()
    moment = now()
    assert moment.utcoffset() == timedelta(0)
    assert before - 5 <= moment.timestamp() <= time.time() + 5


def test_the_database_is_set_as_the_claims_need_it(place: Place) -> None:
    if connection.vendor == "sqlite":
        assert _asked("PRAGMA journal_mode") == "wal"
        assert _asked("PRAGMA synchronous") == 2
    elif connection.vendor == "mysql":
        assert _asked("SELECT @@tx_isolation") == "READ-COMMITTED"
        assert _asked("SELECT @@time_zone") == "+00:00"
    else:
        assert _asked("SHOW transaction_isolation") == "read committed"


def test_the_migrations_are_those_of_the_models(plain: Place) -> None:
    call_command("makemigrations", "records", check=True, dry_run=True, verbosity=0)


def test_a_shared_database_without_tables_is_told(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setting, "_missing", lambda: [object()])
    if place.settings.database.is_shared:
        with pytest.raises(RecordsError, match="mtdata migrate"):
            setting.open_migrated(place.settings.database)


def test_the_commands_work_over_every_database(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*words: str) -> Any:
        capsys.readouterr()
        assert run([*words, "--config", str(place.folder / "config"), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    on_term = signal.getsignal(signal.SIGTERM)
    with log_given_back():
        assert said("migrate")["steps"] == 0
        job = said("jobs", "add", "study.decode", "server=study")
        assert said("runner", "--once") == {"exit": 0, "carried": 1}
        shown = said("jobs", "show", job["id"])
    signal.signal(signal.SIGTERM, on_term)
    assert (shown["status"], shown["parts"]) == ("Success", {"done": 0, "total": 0})


def test_records_that_were_never_opened_can_be_closed() -> None:
    words = "from mtdata.jobs.records import setting; setting.close_records()"
    ended = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
