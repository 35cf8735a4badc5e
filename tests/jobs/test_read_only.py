"""A database that cannot be written for a while: it is told once, and left as soon as it can be."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
from django.db import connection
from django.http import HttpRequest

from mtdata.core.errors import RecordsError
from mtdata.jobs.check import check_jobs
from mtdata.jobs.records import faults, fitness
from mtdata.web.pages import alive
from tests.jobs.conftest import ask
from tests.jobs.place import Place, until

SESSION = {
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}
postgres = pytest.mark.parametrize("place", ["postgres"], indirect=True)


def turned_read_only() -> None:
    """The session of this thread alone."""
    with connection.cursor() as cursor:
        cursor.execute(SESSION[connection.vendor])


@pytest.fixture
def standby(place: Place) -> Iterator[Place]:
    """The place's own database, which takes no change from whoever comes; we came before."""
    name = place.settings.database.name
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")
    yield place
    ask("postgres", f"ALTER DATABASE {name} RESET default_transaction_read_only")


def turned(place: Place, how: str) -> None:
    """As a failover does, or a provider whose disk is full: sessions end, new ones are such."""
    ask("postgres", f"ALTER DATABASE {place.settings.database.name} {how}")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def others() -> int:
    """How many sessions there are beside ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


READ_ONLY, BOTH = "SET default_transaction_read_only = on", "RESET default_transaction_read_only"


@postgres
def test_a_runner_comes_back_once_the_database_can_be_written(
    standby: Place, caplog: pytest.LogCaptureFixture
) -> None:
    standby.configure(SWEEP_S="5m")  # the slot alone looks
    with caplog.at_level(logging.WARNING, "mtdata.jobs"):
        standby.carry()
        turned(standby, READ_ONLY)
        until(others, "the slot's next session")
        job = standby.enter(rows=20, parts=2)
        until(lambda: "read-only" in caplog.text, "the warning")
        # sessions of before the end of it are read-only still: only new ones can write
        ask("postgres", f"ALTER DATABASE {standby.settings.database.name} {BOTH}")
        standby.ended(job, "Success")
        until(lambda: "what it is asked again" in caplog.text, "the all-clear")
    assert (standby.rows(job), standby.distinct(job)) == (40, 40)
    told = [line.getMessage() for line in caplog.records if "read-only" in line.getMessage()]
    assert len(told) == 1
    assert faults.READ_ONLY in told[0]


@postgres
def test_check_asks_whether_it_can_be_written(standby: Place) -> None:
    assert [one.verdict for one in check_jobs(standby.settings)] == ["good"]
    name = standby.settings.database.name
    ask("postgres", f"ALTER DATABASE {name} {READ_ONLY}")
    [found] = check_jobs(standby.settings)
    assert (found.verdict, found.exit, faults.READ_ONLY in found.told) == ("bad", 69, True)
    ask("postgres", f"ALTER DATABASE {name} {BOTH}")
    assert [one.verdict for one in check_jobs(standby.settings)] == ["good"]


def test_after_a_fault_of_the_database_its_connection_is_dropped(place: Place) -> None:
    turned_read_only()
    with suppress(RecordsError):  # some faults are met by another try at once
        place.enter(rows=1, parts=1)
    place.enter(rows=1, parts=1)
    turned_read_only()
    with pytest.raises(RecordsError, match=r"read-only|may not be written"):
        fitness.refuse_unwritable()
    fitness.refuse_unwritable()
    assert alive.healthz(HttpRequest()).status_code == 200
    turned_read_only()
    assert alive.healthz(HttpRequest()).status_code == 503
    assert alive.healthz(HttpRequest()).status_code == 200


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_file_that_somebody_writes_this_moment_can_be_written(place: Place) -> None:
    with closing(sqlite3.connect(place.settings.database.name)) as other:
        other.execute("BEGIN IMMEDIATE")
        fitness.refuse_unwritable()
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout")
            assert cursor.fetchone()[0] == 20_000
