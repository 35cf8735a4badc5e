"""The supervisor's contract again, over every database and with each broker that rings.

SWEEP_S is five minutes here: what happens in time happens because somebody rang.
"""

from __future__ import annotations

import os
import signal
import threading
from uuid import uuid4

import pytest

from mtdata.core.errors import RecordsError
from mtdata.jobs import queue
from mtdata.jobs.celery import ring
from mtdata.jobs.celery.ring import MOST_HOPS
from mtdata.jobs.celery.runner import CeleryRunner, runner_of
from mtdata.jobs.parameters import validate
from mtdata.jobs.records import orders, runners
from tests.conftest import LONG
from tests.jobs.conftest import BROKERS, ENGINES
from tests.jobs.kinds import KINDS
from tests.jobs.place import Place, until


def everywhere(turn: int) -> pytest.MarkDecorator:
    """Each database and each broker; every pair of them with --long, else every other one."""
    pairs = [
        f"{database}-{broker}"
        for row, database in enumerate(ENGINES)
        for column, broker in enumerate(BROKERS)
        if LONG or (row + column + turn) % 2 == 0
    ]
    return pytest.mark.parametrize("place", pairs, indirect=True)


at_each_broker = pytest.mark.parametrize(
    "place", [f"postgres-{broker}" for broker in BROKERS], indirect=True
)


@everywhere(0)
def test_a_ring_wakes_a_runner_and_the_rows_are_exact(place: Place) -> None:
    place.carry()
    place.listening()
    job = place.add(rows=60, parts=2)
    shown = place.ended(job, "Success")
    assert (place.rows(job), place.distinct(job), shown["attempt"]) == (120, 120, 1)
    queue.undo(place.settings, job)
    place.ended(job, "Stopped")
    assert place.rows(job) == 0


@everywhere(1)
def test_a_killed_child_leaves_no_row_twice(place: Place) -> None:
    place.carry()
    place.listening()
    job = place.add(rows=60, parts=1, how="waits")
    place.pid("stands")
    os.kill(place.pid("begun"), signal.SIGKILL)
    place.ended(job, "Success")
    assert (place.rows(job), place.distinct(job)) == (60, 60)


@everywhere(0)
def test_a_killed_runner_leaves_its_job_to_another(place: Place) -> None:
    runner = place.runner()
    place.listening()
    job = place.add(rows=60, parts=1, how="waits")
    place.pid("stands")
    runner.kill()
    runner.wait()
    place.expire()
    place.carry()
    place.ended(job, "Success")
    assert (place.rows(job), place.distinct(job)) == (60, 60)


@everywhere(1)
def test_a_job_that_is_rung_many_times_is_carried_once(place: Place) -> None:
    place.carry(count=2)
    place.listening()
    job = place.add("shared", rows=40, parts=3)
    ringing = [threading.Thread(target=ring.ring, args=(place.settings, job, 5)) for _ in range(3)]
    for hand in ringing:
        hand.start()
    for hand in ringing:
        hand.join()
    place.ended(job, "Success")
    ring.ring(place.settings, job)
    assert (place.rows(job), place.distinct(job)) == (120, 120)
    assert len(place.signs("begun")) == 3


@everywhere(0)
def test_a_ring_that_is_lost_is_made_up_for_by_looking(place: Place) -> None:
    place.configure(SWEEP_S="1s")
    place.carry()
    place.listening()
    job = place.enter(rows=40, parts=1)
    place.ended(job, "Success")
    assert (place.rows(job), place.distinct(job)) == (40, 40)


@everywhere(1)
def test_a_job_that_is_stopped_leaves_no_row(place: Place) -> None:
    place.carry()
    place.listening()
    job = place.add(rows=60, parts=2, how="waits")
    place.pid("stands")
    queue.stop(place.settings, job)
    place.ended(job, "Stopped")
    assert place.rows(job) == 0


@at_each_broker
def test_rings_that_nobody_heard_before_they_were_purged_are_not_missed(place: Place) -> None:
    assert place.broker is not None
    jobs = [place.add(rows=20, parts=1) for _ in range(2)]
    until(lambda: place.broker and place.broker.waiting() == 2, "the rings")
    place.broker.purge()
    place.carry()
    for job in jobs:
        place.ended(job, "Success")
        assert place.distinct(job) == place.rows(job) == 20


@at_each_broker
def test_the_parts_of_a_job_are_shared_by_runners_that_were_asleep(place: Place) -> None:
    for _ in range(2):
        place.runner()
    until(lambda: place.runners() == 2, "both runners")
    place.listening(2)
    job = place.add("shared", rows=20, parts=4, how="meets")  # ends only if two are at it
    place.ended(job, "Success")
    assert (place.rows(job), place.distinct(job)) == (80, 80)


@at_each_broker
def test_a_runner_that_is_busy_passes_a_ring_on(place: Place) -> None:
    for _ in range(2):
        place.runner()
    until(lambda: place.runners() == 2, "both runners")
    place.listening(2)
    busy = place.add(rows=40, parts=1, how="waits")
    place.pid("stands")
    for _ in range(4):  # about every other ring comes to the one that is busy
        place.ended(place.add(rows=20, parts=1), "Success")
    assert place.status(busy) == "In Progress"


@at_each_broker
def test_a_runner_that_ends_rings_another_for_what_it_hands_back(place: Place) -> None:
    slots = place.carry()
    place.listening()
    job = place.add(rows=40, parts=1, how="waits")
    place.pid("stands")
    place.runner()
    until(lambda: place.runners() == 2, "both runners")
    place.listening(2)
    assert slots.stop(60)
    place.ended(job, "Success")
    assert (place.rows(job), place.distinct(job)) == (40, 40)


@at_each_broker
def test_what_is_put_off_is_begun_anew_without_a_ring(place: Place) -> None:
    place.carry()
    place.listening()
    job = place.add(rows=20, parts=1, how="busy")
    place.ended(job, "Success")
    assert place.rows(job) == 20


@pytest.mark.parametrize("place", ["postgres-rabbitmq"], indirect=True)
def test_runners_of_two_versions_carry_what_each_knows(place: Place) -> None:
    place.runner(version="1.old", kinds="rows")
    until(lambda: place.runners() == 1, "the older runner")
    place.listening()
    strange = place.add("shared", rows=20, parts=1)
    known = place.add(rows=20, parts=1)
    place.ended(known, "Success")
    assert place.status(strange) == "Queued"
    place.runner(version="2.new")
    place.ended(strange, "Success")
    assert place.versions() == {"1.old", "2.new"}
    assert place.distinct(strange) == place.rows(strange) == 20


@pytest.mark.parametrize("place", ["sqlite-rabbitmq"], indirect=True)
def test_a_door_rings_for_every_order_and_for_none_that_changed_nothing(place: Place) -> None:
    assert place.broker is not None
    job = place.add(rows=20, parts=1)
    assert queue.stop(place.settings, job)[1] == ""
    queue.retry(place.settings, job, KINDS)
    queue.stop(place.settings, job)
    assert queue.stop(place.settings, job)[1] == "it has ended already: Stopped"
    until(lambda: place.broker and place.broker.waiting() == 4, "four rings")
    assert orders.job_named(job).kind in KINDS


@pytest.mark.parametrize("place", ["sqlite-rabbitmq"], indirect=True)
def test_a_ring_goes_by_so_many_busy_runners_and_no_more(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[tuple[list[str], int]] = []
    rung = lambda _, jobs, hops, **__: passed.append((jobs, hops))  # noqa: E731
    monkeypatch.setattr(ring, "ring_each", rung)
    monkeypatch.setattr(runners, "idle_elsewhere", lambda *_: True)
    slots = runner_of(place.settings, KINDS)
    slots._runner = uuid4()
    assert isinstance(slots, CeleryRunner)
    jobs = [str(uuid4()) for _ in range(4)]
    for job, hops in zip(jobs, (0, MOST_HOPS - 1, 0, MOST_HOPS), strict=True):
        slots._on_ring(job, hops)
    slots._pass_on(slots._relay.take())
    assert passed == [([jobs[0], jobs[2]], 1), ([jobs[1]], MOST_HOPS)]  # a connection each


@pytest.mark.parametrize("place", ["sqlite-rabbitmq"], indirect=True)
def test_many_orders_ring_no_more_often_than_there_are_slots(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(ring, "ring_each", lambda _, jobs: rung.append(len(jobs)))
    reading = validate(KINDS["rows"], place.settings, {"rows": "1"})

    def order(count: int) -> int:
        queue.add_all(place.settings, KINDS, "rows", [reading] * count)
        return rung.pop()

    assert (order(1), order(5)) == (1, 1)  # nobody is there: whoever comes looks
    for slots in (1, 2):
        runners.register("celery", slots)
    assert (order(1), order(2), order(5)) == (1, 2, 3)

    def away(sweep_s: float) -> int:
        raise RecordsError("gone")

    monkeypatch.setattr(runners, "count_slots", away)
    assert order(5) == 5
