"""Messages of strangers, and every fault of the listening: none is run, none ends a runner."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from mtdata import logs
from mtdata.config.broker import broker_of
from mtdata.jobs.celery import ring
from mtdata.jobs.celery.listener import Listener
from tests.jobs.brokers import Rabbit, Sqs
from tests.jobs.place import Place, until
from tests.jobs.strangers import forged, only_at_rabbitmq, only_at_sqs

pytestmark = pytest.mark.usefixtures("patient")
rabbit = pytest.mark.parametrize("place", ["sqlite-rabbitmq"], indirect=True)
either = pytest.mark.parametrize("place", ["sqlite-rabbitmq", "sqlite-sqs"], indirect=True)


class Rung(list[tuple[str, int]]):
    """What an ear heard; it can be told to fail once."""

    fails = False

    def __call__(self, job: str, hops: int) -> None:
        """As a runner."""
        self.append((job, hops))
        if self.fails:
            self.fails = False
            raise ZeroDivisionError("an-invented-secret")


@contextmanager
def listening(place: Place) -> Iterator[tuple[Listener, Rung, Rabbit | Sqs]]:
    broker, address, rung = place.broker, place.settings.programme.broker, Rung()
    assert broker is not None
    assert address is not None
    one = Listener(address, rung)
    one.start()
    try:
        until(lambda: broker.listeners(), "the ear")
        yield one, rung, broker
    finally:
        one.leave()
        one.join(30)


def messages(broker: Rabbit | Sqs) -> list[object]:
    if isinstance(broker, Rabbit):
        return [one.for_rabbitmq() for one in forged()]
    return [*(one.for_sqs() for one in forged()), *only_at_sqs()]


def lines(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    """Those with these words; not what is said later of how often there were such."""
    told = [line.getMessage() for line in caplog.records if words in line.getMessage()]
    return [line for line in told if not line.startswith(("over after ", "the same "))]


def hears(place: Place, rung: Rung) -> str:
    """Ring, and wait until that is heard."""
    job = str(uuid4())
    assert ring.ring(place.settings, job)
    until(lambda: (job, 0) in rung, "the ring")
    return job


@either
def test_what_strangers_send_is_dropped_with_a_line_and_never_run(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.removeFilter(logs.REPEATS)  # each of them, also such as are alike
    with caplog.at_level(logging.INFO, "mtdata.jobs"), listening(place) as (one, rung, broker):
        sent = messages(broker)
        broker.put(*sent)
        until(lambda: len(lines(caplog, "a message was dropped")) == len(sent), "every line")
        job = hears(place, rung)
        assert one.is_well()
        assert rung == [(job, 0)]
        until(lambda: broker.waiting() == 0, "an empty queue")
    assert not lines(caplog, "is not there")


@rabbit
def test_what_cannot_even_be_taken_is_dropped_with_all_that_waits(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.removeFilter(logs.REPEATS)
    with caplog.at_level(logging.INFO, "mtdata.jobs"), listening(place) as (one, rung, broker):
        for number, message in enumerate(only_at_rabbitmq(), 1):
            broker.put(message)
            until(lambda: len(lines(caplog, "there again")) == number, "the ear")  # noqa: B023
            hears(place, rung)
            assert len(lines(caplog, "it cannot even be taken")) == number
        assert one.is_well()
        assert broker.waiting() == 0


@either
def test_any_fault_while_listening_begins_it_again(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "mtdata.jobs"), listening(place) as (one, rung, _):
        rung.fails = True
        first = hears(place, rung)
        until(lambda: lines(caplog, "there again"), "the ear")
        second = hears(place, rung)
        assert one.is_well()
    told = lines(caplog, "is not there for us")
    assert len(told) == 1
    assert "ZeroDivisionError" in told[0]
    assert "an-invented-secret" not in caplog.text
    heard = [job for job, _ in rung if job != ring.NOBODY]
    assert heard == [first, second]


def test_of_a_flood_it_is_told_how_many_they_were(caplog: pytest.LogCaptureFixture) -> None:
    address = broker_of("amqp://there")
    assert address is not None
    one = Listener(address, lambda job, hops: None)
    for _ in range(1000):
        one._tell_of_dropped("it is no ring of ours")
    logs.REPEATS.finish()
    dropped = f"the broker {address.redacted()}: a message was dropped: it is no ring of ours"
    first, second = (line.getMessage() for line in caplog.records)
    assert first == dropped
    assert second == f"the same 999 times more in the last 1 s: {dropped}"
