"""Queues as they are run: quorum queues, one that stands with other arguments, and `check`."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

import pytest

from mtdata.jobs.celery import ring
from mtdata.jobs.celery.app import ANSWER_S, new_app
from mtdata.jobs.check import check_jobs
from tests.adapters.certificates import self_signed
from tests.jobs.brokers import RABBIT_PORT, Rabbit
from tests.jobs.cable import Cable
from tests.jobs.place import Place, until

pytestmark = pytest.mark.usefixtures("patient")
rabbit = pytest.mark.parametrize("place", ["sqlite-rabbitmq"], indirect=True)
either = pytest.mark.parametrize("place", ["sqlite-rabbitmq", "sqlite-sqs"], indirect=True)
SECRET = "an-invented-secret"


def of_broker(place: Place) -> tuple[str, str]:
    [found] = [one for one in check_jobs(place.settings) if one.what == "BROKER"]
    return found.verdict, found.told


def queue_of(place: Place) -> Rabbit:
    assert isinstance(place.broker, Rabbit)
    return place.broker


@rabbit
def test_rings_go_by_a_quorum_queue_and_nothing_else_is_made(place: Place) -> None:
    place.carry()
    place.listening()
    place.ended(place.add(rows=20, parts=1), "Success")
    assert queue_of(place).is_quorum()
    assert not queue_of(place).has_exchange("celery_delayed_27")


@rabbit
def test_a_queue_that_answers_nothing_is_waited_for_no_longer_than_that(place: Place) -> None:
    broker = place.settings.programme.broker
    assert broker is not None
    with new_app(broker).connection_for_read() as link:
        link.connect()
        assert link.connection.transport.read_timeout == ANSWER_S
        assert link.connection.transport.write_timeout == ANSWER_S


@rabbit
def test_a_queue_with_other_arguments_is_named_and_jobs_go_on_by_looking(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    queue = queue_of(place)
    queue.stand(**{"x-max-length": 7})
    place.configure(SWEEP_S="0.5s")
    with caplog.at_level(logging.INFO, "mtdata.jobs"):
        verdict, told = of_broker(place)
        place.carry()
        until(lambda: "is not there for us" in caplog.text, "the warning")
        job = place.add(rows=20, parts=1)
        place.ended(job, "Success")
        warned = [line.getMessage() for line in caplog.records if line.levelname == "WARNING"]
        queue.remove()  # as the words say
        until(lambda: "is there again" in caplog.text, "the all-clear")
    assert queue.is_quorum()
    assert verdict == "bad"
    assert len(warned) == 2  # the ear's, and the door's
    for words in (told, *warned):
        assert "406" in words
        assert f"rabbitmqctl delete_queue {queue.queue}" in words
        assert "BROKER_QUEUE: classic" in words


@rabbit
def test_a_classic_queue_that_stands_is_used_where_the_config_says_so(place: Place) -> None:
    queue_of(place).stand(**{"x-max-length": 1000, "x-message-ttl": 3_600_000})
    verdict, told = of_broker(place)
    assert (verdict, "another x-queue-type (406)" in told) == ("bad", True)
    place.configure(BROKER_QUEUE="classic")
    assert of_broker(place)[0] == "good"
    place.carry()
    place.listening()
    place.ended(place.add(rows=20, parts=1), "Success")


@rabbit
def test_check_tells_what_only_who_listens_is_told(place: Place) -> None:
    with queue_of(place).locked():
        verdict, told = of_broker(place)
    assert verdict == "bad"
    assert "ResourceLocked" in told


@either
def test_check_hears_a_ring_and_takes_none_from_who_waits_for_it(place: Place) -> None:
    assert place.broker is not None
    assert of_broker(place)[0] == "good"
    assert place.broker.waiting() == 0
    assert ring.ring(place.settings, "00000000-0000-4000-8000-000000000001")
    assert of_broker(place)[0] == "good"
    broker = place.broker
    until(lambda: broker.waiting() >= 1, "the ring that waited")


@rabbit
def test_check_is_good_beside_a_runner_that_listens(place: Place) -> None:
    place.carry()
    place.listening()
    assert of_broker(place)[0] == "good"
    assert queue_of(place).waiting() == 0


@rabbit
def test_a_broker_is_known_by_the_authority_in_the_config(place: Place, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    ours, others = self_signed(tmp_path), self_signed(tmp_path / "other")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ours)
    cable = Cable(RABBIT_PORT, context)
    try:
        url = f"amqps://guest:guest@127.0.0.1:{cable.port}//?queue={queue_of(place).queue}"
        place.configure(BROKER=url, BROKER_CA=ours[0])
        assert of_broker(place)[0] == "good"
        place.configure(BROKER_CA=others[0])
        verdict, told = of_broker(place)
        assert (verdict, "BROKER_CA" in told, "guest" in told) == ("bad", True, False)
        place.configure(BROKER_CA=str(tmp_path / SECRET))
        verdict, told = of_broker(place)
        assert (verdict, "BROKER_CA" in told, SECRET in told) == ("bad", True, False)
    finally:
        cable.close()
