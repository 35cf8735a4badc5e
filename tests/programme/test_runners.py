"""Imports by real runners and children: killed, side by side, without their database or broker."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from django.db.utils import OperationalError

from mtdata.jobs.records import orders, setting
from mtdata.jobs.records.models import Job
from mtdata.programme.records.models import Team
from mtdata.programme.teams import TeamWriter
from tests import preloaded
from tests.jobs.brokers import RABBIT_PORT
from tests.jobs.cable import Cable
from tests.jobs.conftest import SERVERS
from tests.jobs.place import until
from tests.preloaded import Program
from tests.programme.place import ImportPlace, team

COUNT = 400
engines = pytest.mark.parametrize("place", ["postgres", "mysql"], indirect=True)


class Child(NamedTuple):
    """A child of a runner, and when it was begun."""

    pid: int
    at: datetime


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[Child]:
    """Every child that is begun."""
    begun: list[Child] = []
    fork = preloaded.piped

    def piped(*given: Any) -> Program:
        at, program = datetime.now(UTC), fork(*given)
        begun.append(Child(program.pid, at))
        return program

    monkeypatch.setattr(preloaded, "piped", piped)
    return begun


def rows(count: int = COUNT, description: str = "new") -> list[tuple[str, str, str, str]]:
    return [team(f"t{n}", description) for n in range(count)]


def test_an_import_outlives_its_children(plain: ImportPlace, children: list[Child]) -> None:
    plain.configure(BATCH=10)
    job, written = plain.order(rows(10_000)), 0
    plain.carry()

    def writes(child: int) -> bool:
        return len(children) == child and Team.objects.count() > written

    for child in (1, 2):
        until(lambda child=child: writes(child), "more rows")
        os.killpg(children[-1].pid, signal.SIGKILL)
        until(lambda child=child: plain.log(job).count("in the middle of it") == child, "the loss")
        written = Team.objects.count()
        assert 0 < written < 10_000
    plain.ended(job, "Success")
    assert (len(plain.teams(job)), len(children)) == (10_000, 3)
    assert "10,000 rows: 10,000 new" in plain.log(job)


def test_a_stop_is_seen_by_the_child_which_takes_back_at_once(
    plain: ImportPlace, children: list[Child]
) -> None:
    plain.configure(BATCH=10, HEARTBEAT_S="5m", LEASE_S="1h")  # nobody else could tell it
    plain.carry()
    job = plain.order(rows(20_000))
    until(lambda: plain.teams(job), "the first rows")
    plain.stop(job)
    plain.ended(job, "Stopped")
    assert plain.leftovers(job) == 0
    # behind that a runner may begin one that waits for the next job
    ended_at = Job.objects.get(pk=job).ended_at
    assert ended_at is not None
    assert len([one for one in children if one.at < ended_at]) == 1


@engines
def test_imports_of_the_same_names_side_by_side_stand_in_nobodys_way(place: ImportPlace) -> None:
    place.configure(BATCH=10)
    one = place.order(rows(300, "one"), duplicates="update")
    other = place.order(rows(300, "other")[::-1], duplicates="update")
    place.carry(2)
    for job in (one, other):
        shown = place.ended(job, "Success")
        assert shown["rows"] == 300
    assert Team.objects.count() == 300
    for job in (one, other):
        orders.undo(job)
        place.ended(job, "Stopped")
    assert Team.objects.count() == 0


class Stated(Exception):
    """What a driver says when two stood in each other's way."""

    def __init__(self, number: int = 0, state: str = "", name: str = "") -> None:
        super().__init__(number, "one of two must give way")
        self.sqlstate, self.sqlite_errorname = state, name


@pytest.mark.parametrize(
    "cause",
    [Stated(1213), Stated(1205), Stated(state="40001"), Stated(state="40P01"),
     Stated(name="SQLITE_BUSY")],
    ids=["1213", "1205", "40001", "40P01", "busy"],
)  # fmt: skip
def test_who_gives_way_tries_the_batch_again(
    plain: ImportPlace, cause: Stated, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.configure(BATCH=10)
    monkeypatch.setattr("mtdata.jobs.records.asking.PAUSE_S", 0.0)
    write, calls = TeamWriter.write, list[int]()

    def gives_way(writer: TeamWriter, given: Any) -> Any:
        found = write(writer, given)
        calls.append(1)
        if len(calls) in (1, 3, 4):
            raise OperationalError("one of two must give way") from cause
        return found

    monkeypatch.setattr(TeamWriter, "write", gives_way)
    job = plain.imported(rows(25))
    assert (len(calls), len(plain.teams(job))) == (6, 25)
    assert "25 rows: 25 new" in plain.log(job)


@pytest.fixture
def cable(place: ImportPlace) -> Iterator[Cable]:
    """The cable to the database."""
    address = place.settings.database
    made = Cable(SERVERS[address.engine])
    place.configure(DATABASE=place.url.replace(f":{address.port}/", f":{made.port}/"))
    setting.open_records(place.settings.database)
    yield made
    made.mend()
    place.stop()
    setting.close_records()
    made.close()


@engines
def test_an_import_goes_on_when_its_database_is_back(place: ImportPlace, cable: Cable) -> None:
    place.configure(BATCH=10)
    job = place.order(rows(400))
    place.carry()
    until(lambda: place.teams(job), "the first rows")
    cable.cut()
    time.sleep(10.0)
    cable.mend()
    setting.close_records()
    place.ended(job, "Success")
    assert len(place.teams(job)) == 400
    assert "400 rows: 400 new" in place.log(job)


@pytest.mark.parametrize("place", ["mysql-rabbitmq"], indirect=True)
def test_an_import_goes_on_while_its_broker_is_begun_anew(
    place: ImportPlace, caplog: pytest.LogCaptureFixture
) -> None:
    place.configure(BATCH=10)
    made = Cable(RABBIT_PORT)
    assert place.broker is not None
    place.configure(BROKER=str(place.broker.url).replace(str(RABBIT_PORT), str(made.port)))
    place.carry()
    place.listening()
    first = place.order(rows())
    until(lambda: place.teams(first), "the first rows")
    made.cut()  # as a broker that is restarted: all connections break, and it refuses new ones
    second = place.order([team("meanwhile")])
    assert "is safe in the records" in "".join(caplog.messages)
    until(lambda: "is not there" in "".join(caplog.messages), "the loss")
    made.mend()
    place.listening()
    third = place.order([team("behind it")])
    for job in (first, second, third):
        place.ended(job, "Success")
    assert Team.objects.count() == COUNT + 2
    place.stop()
    made.close()
