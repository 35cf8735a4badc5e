"""A runner as a service: up when its records answer, and silent about what does not change."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from mtdata import logs
from mtdata.core.errors import RecordsError
from mtdata.core.stop import EndRequest
from mtdata.jobs.celery.listener import Listener
from mtdata.jobs.celery.runner import runner_of
from mtdata.jobs.records import setting
from mtdata.jobs.runner import JobRunner, OutageNotice, options_of
from mtdata.jobs.service import serve
from tests.fakes_log import lines_of, log_given_back
from tests.jobs.kinds import KINDS
from tests.jobs.place import CHILD, Place, until
from tests.notified import Systemd


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    with closing(Systemd(tmp_path / "notify")) as made:
        monkeypatch.setenv("NOTIFY_SOCKET", str(made.path))
        yield made


class Service:
    """A runner that is served in a thread, until it is asked to end."""

    def __init__(self, place: Place) -> None:
        options = options_of(place.settings, CHILD)
        self.slots = runner_of(place.settings, KINDS, 1, options=options)
        self.asked = EndRequest()
        self.ended: bool | None = None
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        self.ended = serve(self.slots, self.asked, 30.0)

    def close(self) -> None:
        self.asked.set()
        self._thread.join(60)


def test_a_runner_is_up_when_it_looks_and_gives_signs_of_life(
    plain: Place, systemd: Systemd
) -> None:
    with closing(Service(plain)) as service:
        until(lambda: "READY=1" in systemd.told(), "READY")
        assert plain.runners() == 1
        until(lambda: systemd.told().count("WATCHDOG=1") > 1, "signs of life")
        assert "STATUS=looks for jobs" in systemd.told()
        assert "STOPPING=1" not in systemd.told()
    assert service.ended is True
    assert systemd.told()[-1] == "STOPPING=1"
    assert systemd.told().count("READY=1") == 1


def test_a_runner_ends_well_however_often_signals_say_so(plain: Place, systemd: Systemd) -> None:
    words = [sys.executable, "-I", "-m", "mtdata", "--config", str(plain.folder / "config")]
    with subprocess.Popen([*words, "runner"], stdout=subprocess.DEVNULL) as runner:
        try:
            until(lambda: "READY=1" in systemd.told(), "READY")
            while runner.poll() is None:  # up to its very end
                runner.send_signal(signal.SIGTERM)
            assert runner.returncode == 0
        finally:
            runner.kill()


def test_a_runner_whose_threads_end_gives_no_sign_of_life_and_ends(
    plain: Place, systemd: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobRunner, "_sweep", lambda runner: None)
    with closing(Service(plain)) as service:
        until(lambda: service.ended is not None, "the end")
        assert service.ended is False
    assert "READY=1" not in systemd.told()


def test_a_runner_whose_records_do_not_answer_is_never_up(
    plain: Place, systemd: Systemd, nobody: int
) -> None:
    plain.configure(DATABASE=f"postgres://u@127.0.0.1:{nobody}/x")
    try:
        slots = runner_of(plain.settings, KINDS, 1, options=options_of(plain.settings, CHILD))
        with pytest.raises(RecordsError, match="nobody listens"):
            serve(slots, threading.Event(), 1.0)
    finally:
        plain.configure(DATABASE=plain.url)
        setting.open_records(plain.settings.database)
    assert "READY=1" not in systemd.told()


@pytest.mark.parametrize("place", ["sqlite-rabbitmq"], indirect=True)
def test_a_rung_runner_is_up_when_it_listens(place: Place, systemd: Systemd) -> None:
    with closing(Service(place)):
        until(lambda: "READY=1" in systemd.told(), "READY")
        assert place.broker is not None
        assert place.broker.listeners() == 1
        until(lambda: "STATUS=listens to the broker" in systemd.told(), "its words")


def test_a_rung_runner_without_its_broker_is_up_since_it_looks_and_says_so(
    plain: Place, systemd: Systemd, nobody: int
) -> None:
    plain.configure(ENGINE="celery", BROKER=f"amqp://u:p@127.0.0.1:{nobody}", SWEEP_S="0.5s")
    with closing(Service(plain)):
        until(lambda: "READY=1" in systemd.told(), "READY")
        until(
            lambda: "STATUS=the broker is away, so jobs are found by looking" in systemd.told(),
            "its words",
        )
        job = plain.enter(rows=20, parts=1)
        plain.ended(job, "Success")


# what repeats while nothing changes


@pytest.fixture
def log_files(tmp_path: Path) -> Iterator[Path]:
    """The files of the log, of which `error.log` has the warnings."""
    with log_given_back():
        logs.begin(0)
        logs.configure(None, tmp_path)
        yield tmp_path / "logs"


class Counted(logging.Filter):
    """How many records came, before those that repeat are taken out."""

    count = 0

    def filter(self, record: logging.LogRecord) -> bool:
        self.count += 1
        return True


def test_a_database_that_is_away_is_told_once_and_then_counted(
    plain: Place, nobody: int, log_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtdata.jobs.runner.LOOK_S", 0.01)
    plain.configure(DATABASE=f"postgres://u:a-secret@127.0.0.1:{nobody}/x", SWEEP_S="1s")
    counted = Counted()
    logger = logging.getLogger("mtdata.jobs.runner")
    logger.addFilter(counted)
    setting.open_records(plain.settings.database)
    slots = JobRunner(plain.settings, KINDS, options_of(plain.settings, CHILD), 2)
    slots._runner = uuid4()
    try:
        for name in ("slot-1", "slot-2"):
            slots._begin(name, slots._serve)
        until(lambda: counted.count > 100, "a hundred tries")
        assert slots.status() == "the database of the records is away, and is asked again"
    finally:
        slots._leaving.set()
        slots._wakeup.wake()
        for thread in slots._threads:
            thread.join(60)
        logger.removeFilter(counted)
        plain.configure(DATABASE=plain.url)
        setting.open_records(plain.settings.database)
    logs.REPEATS.finish()
    first, second = lines_of(log_files)["error.log"]
    assert "nobody listens at the host and port in DATABASE" in first
    assert f" the same {counted.count - 1} times more in the last " in second
    assert "a-secret" not in first + second


def test_a_broker_that_is_away_is_told_once_then_counted_and_its_end_is_told(
    nobody: int, plain: Place, log_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtdata.core.backoff.Backoff.pause_s", lambda backoff, failures: 0.01)
    plain.configure(ENGINE="celery", BROKER=f"amqp://u:a-secret@127.0.0.1:{nobody}")
    address = plain.settings.programme.broker
    assert address is not None
    one = Listener(address, lambda job, hops: None)
    one.start()
    until(lambda: one._tries > 20, "twenty tries")
    one.leave()
    one.join(30)
    tries = one._tries
    one._note_connected()
    lines = [line.partition(" - - - ")[2] for line in lines_of(log_files)["error.log"]]
    assert len(lines) == 3, lines
    assert "is not there for us" in lines[0]
    assert lines[1].startswith(f"over after {tries} times in ")
    assert lines[2].endswith("is there again")
    assert "a-secret" not in "".join(lines)


def test_a_ring_that_cannot_be_sent_is_told_once_for_all_jobs(
    nobody: int, plain: Place, log_files: Path
) -> None:
    plain.configure(ENGINE="celery", BROKER=f"amqp://u:p@127.0.0.1:{nobody}")
    for _ in range(5):
        plain.add(rows=1, parts=1)
    logs.REPEATS.finish()
    first, second = lines_of(log_files)["error.log"]
    assert "could not be rung" in first
    assert "the same 4 times more" in second


def test_a_second_outage_is_told_at_once_and_one_that_flickers_is_counted(
    log_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = OutageNotice()
    for _ in range(3):
        notice.tell(RecordsError("x: it is away"))
        notice.over()
    monkeypatch.setattr("mtdata.jobs.runner.STOOD_S", -1.0)
    notice.tell(RecordsError("x: it is away"))
    lines = [line.partition(" - - - ")[2] for line in lines_of(log_files)["error.log"]]
    away, again = (
        "x: it is away; this runner goes on when it does",
        "the database of the records does what it is asked again",
    )
    assert lines[:2] == [away, again]
    assert sorted(lines[2:4]) == [f"over after 3 times in 1 s: {one}" for one in (again, away)]
    assert lines[4:] == [away]
