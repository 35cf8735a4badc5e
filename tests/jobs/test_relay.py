"""Rings that come while every slot is at work: none is lost, and a crowd is asked for once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from mtdata.jobs.celery import ring
from mtdata.jobs.celery.relay import MOST, RingRelay, Rings
from mtdata.jobs.celery.runner import CeleryRunner, runner_of
from mtdata.jobs.records import runners
from tests.jobs.kinds import KINDS
from tests.jobs.place import Place, until


@contextmanager
def running(relay: RingRelay) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        yield thread
    finally:
        relay.leave()
        thread.join()


def test_a_crowd_of_rings_is_handed_on_in_few_batches_and_none_is_lost() -> None:
    batches: list[Rings] = []
    relay = RingRelay(batches.append, lambda: None)
    rings = [(str(number), 0) for number in range(500)]
    for one in rings:
        relay.add(*one)
    with running(relay):
        until(lambda: batches, "the batch")
    assert [one for batch in batches for one in batch] == rings
    assert len(batches) == 1


def test_no_more_rings_wait_than_in_the_queue_of_the_broker() -> None:
    relay = RingRelay(lambda rings: None, lambda: None)
    for number in range(2 * MOST):
        relay.add(str(number), 0)
    assert len(relay.take()) == MOST
    relay.add("another", 0)
    assert relay.take() == [("another", 0)]


def test_rings_that_come_during_a_question_are_in_the_next_one() -> None:
    batches: list[Rings] = []
    asked, answered = threading.Event(), threading.Event()

    def ask(rings: Rings) -> None:
        batches.append(rings)
        asked.set()
        assert answered.wait(60)

    relay = RingRelay(ask, lambda: None)
    with running(relay):
        relay.add("first", 0)
        assert asked.wait(60)
        relay.add("second", 1)
        relay.add("third", 2)
        answered.set()
        until(lambda: len(batches) == 2, "the second batch")
    assert batches == [[("first", 0)], [("second", 1), ("third", 2)]]


def test_the_connection_is_let_go_behind_the_last_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtdata.jobs.celery.relay.KEPT_S", 0.05)
    done: list[str] = []
    relay = RingRelay(lambda rings: done.append("asked"), lambda: done.append("at rest"))
    with running(relay):
        for count in (1, 2):
            relay.add("job", 0)
            until(lambda: done == ["asked", "at rest"] * count, "rest")  # noqa: B023


def test_what_waits_when_a_runner_leaves_is_for_others() -> None:
    relay = RingRelay(lambda rings: pytest.fail("nothing is handed on by then"), lambda: None)
    relay.leave()
    relay.add("job", 3)
    with running(relay):
        pass
    assert relay.take() == [("job", 3)]
    assert relay.take() == []


@pytest.mark.parametrize("place", ["sqlite-rabbitmq"], indirect=True)
def test_a_crowd_of_rings_asks_the_records_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(runners, "idle_elsewhere", lambda *how: asked.append(how))
    monkeypatch.setattr(ring, "ring_each", lambda *_, **__: pytest.fail("nobody else is idle"))
    slots = runner_of(place.settings, KINDS)
    slots._runner = uuid4()
    assert isinstance(slots, CeleryRunner)
    for _ in range(200):
        slots._on_ring(str(uuid4()), 0)
    with running(slots._relay):
        until(lambda: asked, "the question")
    assert len(asked) == 1
