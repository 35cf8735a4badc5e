"""What the daemon does with tasks that hang, break or fail; clock and tasks are in our hands."""

from __future__ import annotations

import gc
import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import NoReturn

import pytest

from benchmarks.moved_clock import MovedClock, scheduled_by
from mtdata import logs
from mtdata.config import SiteConfig
from mtdata.core.clock import SystemClock
from mtdata.core.errors import BusyError, StorageError
from mtdata.core.systemd import Notifier
from mtdata.daemon import loop as house
from mtdata.daemon.loop import Daemon
from mtdata.daemon.tasks import DaemonTasks
from mtdata.daemon.worker import THREAD
from mtdata.jobs.rounds import TaskTurn
from mtdata.study.duty import STUDY
from mtdata.study.ledger import Ledger
from mtdata.study.operations.tasks import ROUNDS, StudyTask
from tests.fakes_log import log_given_back
from tests.mailbox import mailbox
from tests.unit.config_folder import Folder, keys

PATIENCE_S = 30.0


class Told(Notifier):
    """What systemd would have been told."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def _tell(self, state: str) -> None:
        self.words.append(state.partition("\n")[0])


class EndedAtOnce(BaseException):
    """Where the process would have ended."""


class Stage:
    """A daemon of one site whose only duty is `act`, on a clock that goes 30 s a tick."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = Folder(home).server({"uva": keys(EVERY="5m")})
        self.stops_within("30s")
        self.clock = MovedClock(datetime(2026, 6, 1, 12, tzinfo=UTC))
        self.systemd, self.begun, self.step_s = Told(), 0, 30
        self.rests: list[float] = []  # how long it would have slept
        self.moves: dict[int, timedelta] = {}  # by the ticks that are left
        self.acts: dict[int, Callable[[Daemon], None]] = {}  # the same; when all is settled
        patch.setattr(house, "_end_at_once", self._end)

    def stops_within(self, span: str) -> None:
        """How long it waits, in real time, for what is in hand: a round ends with gc.collect(),
        which takes seconds in a process as full as that of a long test run."""
        self.folder.file("daemon.config", {"STALL_S": "10m", "STOP_S": span})

    def _end(self) -> NoReturn:
        """In the real one's place, which would end pytest with it."""
        raise EndedAtOnce

    def play(
        self, ticks: int, act: Callable[[TaskTurn[SiteConfig]], int], *, settled: bool = True
    ) -> int:
        def count(turn: TaskTurn[SiteConfig]) -> int:
            self.begun += 1
            return act(turn)

        duty = StudyTask("collect", ("nothing",), lambda site, terms: None, count)
        rounds = replace(ROUNDS, collect=duty, daily=())
        left = iter(range(ticks, 0, -1))
        one = Daemon(
            self.folder.load,
            clock=self.clock,
            wait=lambda seconds: self._tick(one, next(left), seconds, settled=settled),
            systemd=self.systemd,
            duties=(replace(STUDY, rounds=lambda: rounds),),
        )
        with scheduled_by(self.clock):
            return one.run()

    def _tick(self, one: Daemon, left: int, seconds: float, *, settled: bool) -> None:
        self.rests.append(seconds)
        until = time.monotonic() + PATIENCE_S
        while (is_busy(one) if settled else not self.begun) and time.monotonic() < until:
            time.sleep(0.001)
        self.acts.get(left, lambda one: None)(one)
        self.clock.go_on(self.step_s)
        self.clock.move(self.moves.get(left, timedelta()))
        if left == 1:
            one.ask_to_stop()


def is_busy(one: Daemon) -> bool:
    """Whether a task is in hand or waits."""
    workers = one._tasks.workers.values()
    return any(worker.in_hand or worker.is_waited_for() for worker in workers)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    hook = threading.excepthook
    with log_given_back():
        logs.begin(0)
        logging.getLogger("mtdata").propagate = True  # caplog listens at the root
        yield Stage(tmp_path.resolve(), monkeypatch)
    threading.excepthook = hook


def test_a_round_begins_every_five_minutes_and_each_tick_is_a_sign_of_life(stage: Stage) -> None:
    assert stage.play(101, lambda turn: 0) == 0
    assert stage.begun == 11
    assert stage.systemd.words.count("WATCHDOG=1") == 101
    assert (stage.systemd.words[0], stage.systemd.words[-1]) == ("READY=1", "STOPPING=1")


def test_it_sleeps_until_something_is_due_and_no_longer_than_a_sign_of_life_may_fail(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.step_s = 7
    assert stage.play(30, lambda turn: 0) == 0
    idle = [seconds for seconds in stage.rests if seconds != house.TICK_S]
    assert max(idle) == house.REST_S
    # looks are due each minute; a step of 7 s leaves 60 - 56 and less to the next of them
    assert any(0 < seconds < house.REST_S for seconds in idle)
    assert min(stage.rests) >= house.TICK_S


def test_systemd_waits_for_several_signs_of_life_of_a_daemon_that_has_nothing_to_do() -> None:
    units = Path(__file__).resolve().parents[2] / "systemd"
    [minutes] = re.findall(r"^WatchdogSec=(\d+)min$", (units / "mtdata.service").read_text(), re.M)
    assert 60 * int(minutes) >= 4 * house.REST_S


def test_while_a_task_is_in_hand_each_half_second_is_looked_how_it_is(stage: Stage) -> None:
    gate = Event()

    def hang(turn: TaskTurn[SiteConfig]) -> int:
        gate.wait(PATIENCE_S)
        return 0

    stage.systemd.stopping = gate.set  # type: ignore[method-assign]
    assert stage.play(5, hang, settled=False) == 0
    assert set(stage.rests) == {house.TICK_S}


@pytest.mark.parametrize("asked", ["reload", "stop"])
def test_a_signal_ends_the_sleep_of_a_daemon_that_has_nothing_to_do(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    """A test that fails here sleeps for a day, until pytest ends it."""
    monkeypatch.setattr(house, "REST_S", 86400.0)
    monkeypatch.setattr(house, "LOOK_S", 86400)
    duties = (replace(STUDY, rounds=lambda: replace(ROUNDS, daily=(), sites=lambda _: [])),)
    one, read = Daemon(stage.folder.load, systemd=stage.systemd, duties=duties), Event()
    handlers = {signal.SIGUSR1: one.ask_to_reload, signal.SIGUSR2: one.ask_to_stop}
    before = {number: signal.signal(number, act) for number, act in handlers.items()}
    stage.systemd.reloading = read.set  # type: ignore[method-assign]

    def ask() -> None:
        if asked == "reload":
            os.kill(os.getpid(), signal.SIGUSR1)
            read.wait(PATIENCE_S)
        os.kill(os.getpid(), signal.SIGUSR2)

    try:
        threading.Timer(1.0, ask).start()
        assert one.run() == 0
    finally:
        for number, act in before.items():
            signal.signal(number, act)
    assert read.is_set() == (asked == "reload")


def test_a_named_fault_ends_one_round_and_the_next_comes(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(turn: TaskTurn[SiteConfig]) -> int:
        raise StorageError("the disk refused")

    assert stage.play(31, fail) == 0
    assert stage.begun == 4
    assert [r.levelname for r in caplog.records if "the disk refused" in r.message] == [
        "CRITICAL"
    ] * 4


def test_a_fault_of_the_program_ends_one_round_and_shows_nothing_but_places(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    answer = " ".join(["an", "answer"])

    def fail(turn: TaskTurn[SiteConfig]) -> int:
        raise KeyError(answer)

    assert stage.play(31, fail) == 0
    assert stage.begun == 4
    until = time.monotonic() + PATIENCE_S  # it is told when the worker is free again already
    while len(caplog.records) < 4 and time.monotonic() < until:
        time.sleep(0.001)
    told = "\n".join(logs.LineFormatter().format(record) for record in caplog.records)
    assert "a fault of the program: KeyError" in told
    assert "in fail" in told
    assert "an answer" not in told + caplog.text


def test_a_busy_pool_is_no_fault(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    def busy(turn: TaskTurn[SiteConfig]) -> int:
        raise BusyError("another round has this pool")

    assert stage.play(31, busy) == 0
    assert stage.begun == 4
    assert [one.getMessage() for one in caplog.records if one.levelno > logging.INFO] == []


def test_a_round_that_hangs_is_skipped_over_and_the_watchdog_is_left_alone(stage: Stage) -> None:
    gate = Event()

    def hang(turn: TaskTurn[SiteConfig]) -> int:
        gate.wait(PATIENCE_S)
        return 0

    def ends(*_: object) -> None:
        gate.set()

    stage.systemd.stopping = ends  # type: ignore[method-assign]
    assert stage.play(101, hang, settled=False) == 0
    assert stage.begun == 1
    assert 15 <= stage.systemd.words.count("WATCHDOG=1") <= 25


def test_a_task_that_does_not_end_within_stop_s_is_left_to_the_next_start(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.stops_within("1s")
    gate, before = Event(), threading.enumerate()

    def hang(turn: TaskTurn[SiteConfig]) -> int:
        gate.wait(PATIENCE_S)
        return 0

    with pytest.raises(EndedAtOnce):
        stage.play(5, hang, settled=False)
    begun = [one for one in threading.enumerate() if one not in before]
    [left] = [one for one in begun if one.name == f"{THREAD}uva"]
    gate.set()
    left.join(PATIENCE_S)  # else it would be told of the next test
    assert "uva did not end within STOP_S" in caplog.text


@pytest.mark.parametrize("by", [timedelta(days=1), timedelta(days=-1), timedelta(hours=-1)])
def test_a_clock_that_is_set_by_a_day_or_an_hour_keeps_no_round_waiting(
    stage: Stage, by: timedelta
) -> None:
    stage.moves[50] = by
    assert stage.play(101, lambda turn: 0) == 0
    assert 11 <= stage.begun <= 12
    assert stage.systemd.words.count("WATCHDOG=1") == 101


def test_another_delete_mode_is_mailed_at_the_reload_and_at_a_start_and_once(
    stage: Stage,
) -> None:
    pool, seen = stage.folder.home / "data" / "uva", list[int]()

    def configure(*, delete_mode: bool) -> None:
        stage.folder.server({"uva": keys(EVERY="5m", DELETE_MODE=delete_mode)})

    def reload(one: Daemon) -> None:
        configure(delete_mode=True)
        one.ask_to_reload()

    with mailbox() as box, closing(Ledger(pool / Ledger.NAME)) as ledger:
        mail = {"HOST": "127.0.0.1", "PORT": box.port, "TLS": "none"}
        mail |= {"FROM": "m@example.org", "TO": "lab@example.org"}
        stage.folder.file("log.config", {"MAIL": mail})
        configure(delete_mode=False)
        now = SystemClock().now()  # that of a pool; tasks alone go by the one that is moved
        number = ledger.runs.begin_run("export uva .", now)
        ledger.runs.end_run(number, 0, {"delete_mode": False}, now)
        stage.acts = {6: reload, 5: lambda one: seen.append(len(box.mails))}
        assert stage.play(9, lambda turn: 0) == 0
        assert (seen, len(box.mails)) == ([1], 1), "at once, and by no later look again"
        assert "DELETE_MODE is True from now on; before it was False" in box.mails[0].body
        configure(delete_mode=False)
        stage.acts = {}
        for _ in range(2):
            assert stage.play(4, lambda turn: 0) == 0
        assert len(box.mails) == 2
        assert "DELETE_MODE is False from now on; before it was True" in box.mails[1].body
        assert ledger.incidents.open_incidents() == []


def test_garbage_is_looked_for_after_the_first_of_a_kind_and_each_tenth_task(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda: searched.append(stage.begun))
    monkeypatch.setattr(gc, "freeze", lambda: None)
    assert stage.play(10 * 21, lambda turn: 0) == 0
    assert searched[:3] == [1, 10, 20]


def test_a_daily_task_that_waited_goes_by_the_config_of_its_turn(
    tmp_path: Path,
) -> None:
    folder, gate, done = Folder(tmp_path), Event(), list[tuple[str, int]]()

    def act(turn: TaskTurn[SiteConfig]) -> int:
        done.append((turn.site.name, turn.site.every_s))
        return 0

    task = StudyTask("static", ("nothing",), lambda site, terms: site.static_at, act)
    rounds = replace(ROUNDS, daily=(task,))
    duties = (replace(STUDY, rounds=lambda: rounds),)
    folder.server({name: keys(EVERY="5m", PATH=name) for name in ("uva", "oxford")})
    tasks = DaemonTasks(folder.load(), SystemClock(), duties)
    for site in tasks.sites():
        tasks.worker(site.name).offer("hold", lambda token: gate.wait(PATIENCE_S) and None)
        tasks.offer_daily(site)
    folder.server(
        {
            "uva": keys(EVERY="10m", PATH="uva"),
            "oxford": keys(EVERY="10m", PATH="oxford", READY=False),
        }
    )
    tasks.take(folder.load())
    gate.set()
    assert all(worker.join(PATIENCE_S) for worker in tasks.workers.values())
    tasks.stopping.set()
    assert done == [("uva", 600)]
