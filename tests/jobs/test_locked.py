"""Somebody holds a lock of the records for longer than one waits: 75, in words, nothing changed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from threading import Event
from typing import Any

import pytest
from filelock import FileLock

from mtdata.cli.main import run
from mtdata.jobs import queue
from mtdata.jobs.records import asking, claims, connecting, orders, runners, setting
from mtdata.jobs.records.faults import RecordsBusy
from mtdata.jobs.records.models import Job
from tests.jobs.conftest import connected
from tests.jobs.kinds import KINDS
from tests.jobs.place import Place

LEAVE_WAL = """
import contextlib, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=0)
with contextlib.suppress(sqlite3.OperationalError):
    db.execute("PRAGMA journal_mode=TRUNCATE")
print(db.execute("PRAGMA journal_mode").fetchone()[0])
"""
"""Another process that wants the file for itself."""


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits 20 s waits one."""
    monkeypatch.setattr(connecting, "BUSY_S", 1)
    monkeypatch.setattr(setting, "BUSY_S", 1)
    monkeypatch.setitem(connecting.LIMITS, "lock_timeout", 1)


@contextmanager
def held(place: Place, table: str, which: str = "") -> Iterator[None]:
    """A session of somebody else has rows of that table for itself."""
    address = place.settings.database
    with ExitStack() as until:
        if address.engine == "sqlite":
            other: Any = until.enter_context(closing(sqlite3.connect(address.name)))
            other.execute("BEGIN IMMEDIATE")
        else:
            other = until.enter_context(closing(connected(address.engine, address.name)))
            other.cursor().execute("BEGIN")
            other.cursor().execute(f"SELECT * FROM {table} {which} FOR UPDATE")
        yield


@pytest.mark.usefixtures("hasty")
def test_a_lock_that_somebody_holds_is_75_in_words(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    from mtdata.jobs.records.models import Job

    job = place.enter(rows=1, parts=1)
    setting.close_records()
    words = ["jobs", "stop", job, "--config", str(place.folder / "config")]
    with held(place, Job._meta.db_table):
        assert run(words) == 75
    err = capsys.readouterr().err
    assert "another stood in its way for too long" in err
    assert "Traceback" not in err
    assert place.status(job) == "Queued"
    assert run(words) == 0


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("place", ["mysql", "postgres"], indirect=True)
def test_a_claim_passes_over_a_job_that_another_holds(place: Place) -> None:
    runner, (first, second) = runners.register("embedded", 1), (place.enter(), place.enter())
    which = f"WHERE name = '{orders.job_named(first).name}'"
    with held(place, Job._meta.db_table, which):
        claimed = claims.claim(runner, 60, KINDS)
        assert claimed is not None
        assert str(claimed.job) == second
    claimed = claims.claim(runner, 60, KINDS)
    assert claimed is not None
    assert str(claimed.job) == first


@pytest.mark.usefixtures("hasty")
def test_tables_that_somebody_is_making_are_waited_for_and_told(plain: Place) -> None:
    with (
        FileLock(f"{plain.settings.database.name}.migrating"),
        pytest.raises(RecordsBusy, match="another process has been making the tables"),
    ):
        setting.open_migrated(plain.settings.database)


def test_two_in_each_others_way_are_no_lock_that_is_held() -> None:
    from tests.unit.test_database_faults import Cause, wrapped

    signs: list[tuple[Callable[[], Exception], bool]] = [
        (lambda: Cause("x", sqlite_errorname="SQLITE_BUSY"), True),
        (lambda: Cause("x", sqlstate="55P03"), True),
        (lambda: Cause(1205, "x"), True),
        (lambda: Cause("x", sqlite_errorname="SQLITE_BUSY_SNAPSHOT"), False),
        (lambda: Cause("x", sqlstate="40P01"), False),
        (lambda: Cause(1213, "x"), False),
    ]
    for cause, held in signs:
        assert asking.is_locked(wrapped(cause())) is held


def test_opening_the_records_again_takes_no_lock_from_a_connection_that_is_open(
    plain: Place,
) -> None:
    """Whoever closes a database's file lets go of all locks that its process has on it."""
    address = plain.settings.database
    other = [sys.executable, "-c", LEAVE_WAL, address.name]
    assert Job.objects.count() == 0  # by a connection that stays open
    for _ in range(2):
        said = subprocess.run(other, capture_output=True, text=True, check=True)
        assert said.stdout == "wal\n", "while it is in use its journal cannot be taken away"
        with ThreadPoolExecutor(1) as thread:
            thread.submit(setting.open_records, address).result()


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_an_order_waits_behind_others_no_longer_than_a_person_would(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PATIENCE_S", 0.1)
    begun, over = Event(), Event()

    def hold() -> None:
        with queue.alone():  # as one does that waits for a lock of the records
            begun.set()
            assert over.wait(60)

    with ThreadPoolExecutor(1) as crew:
        holds = crew.submit(hold)
        assert begun.wait(60)
        try:
            with pytest.raises(RecordsBusy, match="other orders"):
                queue.add(place.settings, KINDS, "rows", {})
        finally:
            over.set()
        holds.result()
    assert not Job.objects.exists()
    queue.add(place.settings, KINDS, "rows", {})
    assert Job.objects.count() == 1
