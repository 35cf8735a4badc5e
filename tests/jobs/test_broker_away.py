"""The broker is away, silent, restarted, full of nonsense: jobs go on, and the log says it once."""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtdata.config import load
from mtdata.core.errors import ConfigError
from mtdata.jobs.celery import ring
from mtdata.jobs.celery.runner import runner_of
from tests.jobs.brokers import RABBIT_PORT, Moto, OwnRabbit, Sqs
from tests.jobs.cable import Cable
from tests.jobs.kinds import KINDS
from tests.jobs.place import Place, until

SECRET = "an-invented-secret"
WARNINGS = "the broker"


@pytest.fixture
def cable() -> Iterator[Cable]:
    """The cable to RabbitMQ."""
    made = Cable(RABBIT_PORT)
    yield made
    made.close()


@pytest.fixture
def wired(place: Place, cable: Cable) -> Place:
    """A place whose broker is at the other end of the cable."""
    place.configure(BROKER=str(place.broker.url).replace(str(RABBIT_PORT), str(cable.port)))  # type: ignore[union-attr]
    return place


def told(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    lines = [line.getMessage() for line in caplog.records if words in line.getMessage()]
    return [line for line in lines if not line.startswith(("over after", "the same"))]


rabbit = pytest.mark.parametrize("place", ["sqlite-rabbitmq"], indirect=True)


@rabbit
def test_a_broker_that_comes_back_rings_again(
    wired: Place, cable: Cable, caplog: pytest.LogCaptureFixture
) -> None:
    cable.cut()
    with caplog.at_level(logging.INFO, "mtdata.jobs"):
        wired.carry()
        until(lambda: told(caplog, "is not there"), "the warning")
        cable.mend()
        until(lambda: told(caplog, "there again"), "the all-clear")
        wired.listening()
        first = wired.add(rows=20, parts=1)
        wired.ended(first, "Success")
        cable.cut()
        until(lambda: len(told(caplog, "is not there")) == 2, "the second warning")
        cable.mend()
        until(lambda: len(told(caplog, "there again")) == 2, "the second all-clear")
        wired.listening()
        second = wired.add(rows=20, parts=1)
        wired.ended(second, "Success")
    assert len(told(caplog, WARNINGS)) == 4


@rabbit
def test_without_a_broker_jobs_are_found_by_looking(
    wired: Place, cable: Cable, caplog: pytest.LogCaptureFixture
) -> None:
    wired.configure(SWEEP_S="0.5s")
    cable.cut()
    wired.carry()
    until(lambda: told(caplog, "is not there"), "the warning")
    job = wired.add(rows=20, parts=1)
    assert "is safe in the records" in "".join(told(caplog, "could not be rung"))
    wired.ended(job, "Success")
    assert len(told(caplog, "is not there")) == 1


@rabbit
def test_a_job_goes_on_while_the_broker_is_away(wired: Place, cable: Cable) -> None:
    wired.carry()
    wired.listening()
    job = wired.add(rows=100, parts=2, pause=0.05)
    until(lambda: wired.rows(job) > 0, "the first rows")
    cable.cut()
    wired.ended(job, "Success")
    assert (wired.rows(job), wired.distinct(job)) == (200, 200)


@pytest.mark.skipif(
    not OwnRabbit.PROGRAM.exists(),
    reason="rabbitmq-server is not installed; get it with: sudo apt-get install rabbitmq-server",
)
def test_rabbitmq_that_is_killed_and_begun_again_rings_again(
    plain: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "rabbit"
    folder.mkdir()
    server = OwnRabbit(folder)
    server.start()
    try:
        plain.configure(ENGINE="celery", BROKER=server.url, SWEEP_S="5m")
        address = plain.settings.programme.broker
        assert address is not None
        with caplog.at_level(logging.INFO, "mtdata.jobs"):
            plain.carry()
            until(lambda: told(caplog, "listening"), "the ear")
            until(server.has_kept_its_queue, "the queue on disk")  # it takes a second, unasked
            job = plain.add(rows=100, parts=2, pause=0.05)
            until(lambda: plain.rows(job) > 0, "the first rows")
            server.kill()
            until(lambda: told(caplog, "is not there"), "the warning")
            plain.ended(job, "Success")
            assert (plain.rows(job), plain.distinct(job)) == (200, 200)
            server.start()
            until(lambda: told(caplog, "there again"), "the all-clear")
            plain.ended(plain.add(rows=20, parts=1), "Success")
            server.raise_alarm()
            until(lambda: "alarm" in ring.probe(address), "the words")
            assert not ring.ring(plain.settings, "a job")
            assert "takes no ring until that is over" in told(caplog, "could not be rung")[-1]
    finally:
        plain.stop()
        server.kill()


def test_sqs_that_is_restarted_and_has_lost_its_queue_rings_again(
    urls: dict[str, str], tmp_path: object, caplog: pytest.LogCaptureFixture, request: object
) -> None:
    moto = Moto()
    moto.start()
    broker = Sqs(moto.port)
    place = Place(tmp_path, urls["sqlite"], broker)  # type: ignore[arg-type]
    try:
        with caplog.at_level(logging.INFO, "mtdata.jobs"):
            place.carry()
            until(lambda: told(caplog, "listening"), "the ear")
            moto.kill()
            until(lambda: told(caplog, "is not there"), "the warning")
            moto.start()
            until(lambda: told(caplog, "there again"), "the all-clear")
            job = place.add(rows=20, parts=1)
            place.ended(job, "Success")
    finally:
        place.close()
        broker.remove()
        moto.kill()


@pytest.mark.parametrize("place", ["sqlite-rabbitmq", "sqlite-sqs"], indirect=True)
def test_what_is_no_ring_makes_nobody_deaf(place: Place) -> None:
    assert place.broker is not None
    place.carry()
    place.listening()
    for nonsense in ("no message of ours", '{"task": "os.system", "args": ["true"]}', "[]"):
        place.broker.put(nonsense)
    ring.ring(place.settings, "no id of a job")
    job = place.add(rows=20, parts=1)
    place.ended(job, "Success")


@pytest.mark.parametrize("scheme", ["amqp", "amqps", "sqs"])
def test_a_broker_that_says_nothing_keeps_nobody_waiting(
    plain: Place, caplog: pytest.LogCaptureFixture, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "WITHIN_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        plain.configure(ENGINE="celery", BROKER=f"{scheme}://u:{SECRET}@127.0.0.1:{port}")
        job = plain.add(rows=20, parts=1)
    assert plain.status(job) == "Queued"
    assert "no answer within" in "".join(told(caplog, "could not be rung"))
    assert SECRET not in caplog.text


@rabbit
def test_a_wrong_password_is_told_without_it(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.configure(BROKER=f"amqp://guest:{SECRET}@127.0.0.1:{RABBIT_PORT}")
    assert not ring.ring(place.settings, "a job")
    assert "AccessRefused" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("place", ["sqlite-rabbitmq", "sqlite-sqs"], indirect=True)
@pytest.mark.parametrize("away", [False, True])
def test_a_runner_ends_promptly_whether_or_not_the_broker_is_there(
    place: Place, *, away: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    if away:
        place.configure(BROKER=f"{place.settings.programme.broker.kind}://u:p@127.0.0.1:{port}")  # type: ignore[union-attr]
    config = str(place.folder / "config")
    words = [sys.executable, "-P", "-m", "mtdata", "--config", config, "runner"]
    runner = subprocess.Popen(words, stderr=subprocess.PIPE)
    try:
        until(lambda: place.runners() == 1, "the runner")
        if not away:
            place.listening()
        runner.send_signal(signal.SIGTERM)
        said = runner.communicate(timeout=30)[1]
    finally:
        runner.kill()
        runner.wait()
    assert runner.returncode == 0
    assert said.count(b"\n") <= 1, said
    assert place.gone() == 1


def test_an_engine_without_its_packages_says_how_to_get_them(
    plain: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mtdata.jobs.celery import app as broker

    plain.configure(ENGINE="celery", BROKER="sqs://")
    monkeypatch.setitem(sys.modules, "celery", None)
    broker.app_of.cache_clear()
    with pytest.raises(ConfigError, match=r"pip install 'mtdata-collect\[sqs\]'"):
        runner_of(plain.settings, KINDS).start()
    plain.configure(BROKER="amqp://127.0.0.1")
    with pytest.raises(ConfigError, match=r"pip install 'mtdata-collect\[celery\]'"):
        runner_of(plain.settings, KINDS).start()
    assert not ring.ring(plain.settings, "a job")
    broker.app_of.cache_clear()


def test_the_engine_celery_needs_a_broker(plain: Place) -> None:
    with pytest.raises(ConfigError, match="ENGINE is celery"):
        plain.configure(ENGINE="celery")
    plain.configure(ENGINE="embedded")
    how = plain.settings.programme.model_copy(update={"engine": "celery"})
    with pytest.raises(ConfigError, match="BROKER is missing"):
        runner_of(plain.settings.model_copy(update={"programme": how}), KINDS).start()
    assert load(plain.folder / "config", {}).programme.broker is None
