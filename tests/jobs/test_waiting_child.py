"""The child that a slot begins before there is an order for it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtdata.jobs.records import runners
from mtdata.jobs.runner import options_of
from mtdata.jobs.supervisor import Supervisor
from tests.jobs.kinds import KINDS
from tests.jobs.place import CHILD, Place, until


@pytest.fixture
def supervisor(plain: Place) -> Iterator[Supervisor]:
    """A slot that nobody serves."""
    made = Supervisor(runners.register("embedded", 1), options_of(plain.settings, CHILD), KINDS)
    yield made
    made.close()


def waiting(supervisor: Supervisor) -> int:
    """Begin the child that waits; its process."""
    supervisor.prepare()
    assert supervisor._ready is not None
    return supervisor._ready.pid


def carried(supervisor: Supervisor) -> None:
    while supervisor.work():
        pass


def test_a_child_that_waits_carries_the_next_order(plain: Place, supervisor: Supervisor) -> None:
    child = waiting(supervisor)
    supervisor.prepare()  # one is enough
    job = plain.add(rows=20, parts=1)
    carried(supervisor)
    assert plain.ended(job, "Success")["attempt"] == 1
    assert plain.pid("begun") == child


def test_a_child_that_waits_reads_the_config_as_it_is_at_the_order(
    plain: Place, supervisor: Supervisor
) -> None:
    waiting(supervisor)
    plain.configure(QUEUE_JOBS=7)
    plain.add(rows=20, parts=1, how="tells")
    carried(supervisor)
    assert len(plain.signs("most7")) == 1


def test_a_child_that_died_while_it_waited_costs_no_attempt(
    plain: Place, supervisor: Supervisor
) -> None:
    os.kill(waiting(supervisor), signal.SIGKILL)
    job = plain.add(rows=20, parts=1)
    ready = supervisor._ready
    until(lambda: ready is None or not ready.is_running(), "its end")
    carried(supervisor)
    shown = plain.ended(job, "Success")
    assert not any("signal 9" in event["text"] for event in shown["events"])


def test_a_child_that_waits_goes_with_its_slot(plain: Place, supervisor: Supervisor) -> None:
    child = waiting(supervisor)
    supervisor.close()
    assert not Path(f"/proc/{child}").exists()


def test_a_child_that_waits_goes_with_a_runner_that_is_killed(plain: Place) -> None:
    runner = plain.runner()
    until(lambda: children_of(runner.pid), "the child that waits")
    [child] = children_of(runner.pid)
    runner.kill()
    runner.wait()
    until(lambda: not Path(f"/proc/{child}").exists(), "the end of the child")


def children_of(pid: int) -> list[int]:
    """The processes whose parent it is."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            try:
                fields = (place / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            if int(fields[1]) == pid:
                found.append(int(place.name))
    return found
