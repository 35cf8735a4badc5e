"""The ledger in the database of the records, of each kind; and how a file's lines come into it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections

from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.records.lines import LineTables
from tests.contracts.line_contract import LineContract, Open
from tests.jobs.conftest import place, urls  # noqa: F401  # fixtures
from tests.jobs.place import Place

TABLES = "weblogs_ledgers weblogs_moves weblogs_logs weblogs_batches weblogs_shares weblogs_days"


@pytest.fixture
def records(place: Place) -> Place:  # noqa: F811
    """Records without lines."""
    with connection.cursor() as cursor:
        for table in TABLES.split():
            cursor.execute(f"DELETE FROM {table}")
    return place


@pytest.fixture
def opened(records: Place, tmp_path: Path) -> Iterator[Open]:
    found: list[WeblogLedger] = []

    def open_one(site: str = "example.org") -> WeblogLedger:
        path = tmp_path / f"{len(found)}.sqlite3"  # each machine has a file of its own
        found.append(WeblogLedger(path, lines=LineTables(site)))
        return found[-1]

    yield open_one
    connections.close_all()


class TestLineTables(LineContract):
    def leave_thread(self) -> None:
        connections.close_all()


# SQLite has one lock, so nobody there holds one and wants another
@pytest.mark.parametrize("place", ["postgres", "mysql"], indirect=True)
def test_two_that_stand_in_each_others_way_both_come_through(records: Place) -> None:
    sites = ("a.org", "b.org")
    both = threading.Barrier(2, timeout=60)
    tries: list[str] = []

    def cross(own: str, other: str) -> None:
        first, second = LineTables(own), LineTables(other)

        def move() -> None:
            with first.commit():
                tries.append(own)
                if len(tries) <= 2:
                    both.wait()
                with second.commit():
                    first.run("UPDATE days SET push = '' WHERE site = ?", own)

        first.whole(move)
        done.append(own)
        connections.close_all()

    done: list[str] = []
    for site in sites:
        LineTables(site)
    threads = [
        threading.Thread(target=cross, args=pair) for pair in (sites, tuple(reversed(sites)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == sorted(sites)
    assert len(tries) > 2, "nobody stood in anybody's way"


def test_the_migrations_are_those_of_the_models(records: Place) -> None:
    call_command("makemigrations", "weblogs", check=True, dry_run=True, verbosity=0)
