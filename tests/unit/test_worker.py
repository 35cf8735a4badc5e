"""A worker does one task after another, each name once, and survives what its tasks do wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from threading import Event

import pytest

from mtdata.core.errors import MTDataError, Stopped, StorageError
from mtdata.core.stop import StopToken
from mtdata.daemon.worker import SiteWorker

PATIENCE_S = 30.0


class Bench:
    """A worker, what was done at it, and what went wrong."""

    def __init__(self) -> None:
        self.stopping, self.gate = Event(), Event()
        self.faults: list[tuple[str, str]] = []
        self.done: list[str] = []
        self.worker = SiteWorker("study", self.stopping, self.fault)

    def fault(self, task: str, error: MTDataError) -> None:
        self.faults.append((task, str(error)))

    def does(self, name: str) -> Callable[[StopToken], None]:
        return lambda stop_token: self.done.append(name)

    def holds(self, stop_token: StopToken) -> None:
        """A task that lasts until the gate opens."""
        self.done.append("held")
        while not self.gate.wait(0.005):
            stop_token.check()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.gate.set()
    assert made.worker.join(PATIENCE_S)


def test_tasks_are_done_in_their_order_and_the_thread_ends(bench: Bench) -> None:
    bench.worker.offer("hold", bench.holds)
    for name in ("a", "b", "c"):
        assert bench.worker.offer(name, bench.does(name))
    assert bench.worker.is_waited_for()
    bench.gate.set()
    assert bench.worker.join(PATIENCE_S)
    assert not bench.worker.is_busy()
    assert bench.done == ["held", "a", "b", "c"]
    assert (bench.worker.in_hand, bench.worker.beats(), bench.worker.is_waited_for()) == (
        "",
        None,
        False,
    )


def test_a_task_in_hand_or_waiting_is_skipped_and_counted(bench: Bench) -> None:
    assert bench.worker.offer("hold", bench.holds)
    assert bench.worker.offer("a", bench.does("a"))
    assert not bench.worker.offer("hold", bench.holds)
    assert not bench.worker.offer("a", bench.does("a"))
    assert not bench.worker.offer("a", bench.does("a"))
    bench.gate.set()
    assert bench.worker.join(PATIENCE_S)
    assert bench.done == ["held", "a"]
    assert bench.worker.skipped == {"hold": 1, "a": 2}
    assert bench.worker.offer("a", bench.does("a"))


def test_a_named_fault_is_told_and_the_next_task_has_its_turn(bench: Bench) -> None:
    def fail(stop_token: StopToken) -> None:
        raise StorageError("the disk refused")

    bench.worker.offer("hold", bench.holds)
    bench.worker.offer("bad", fail)
    bench.worker.offer("good", bench.does("good"))
    bench.gate.set()
    assert bench.worker.join(PATIENCE_S)
    assert (bench.faults, bench.done) == ([("bad", "the disk refused")], ["held", "good"])


def test_a_fault_of_the_program_ends_a_thread_and_not_the_desk(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda what: told.append(what.exc_type))

    def fail(stop_token: StopToken) -> None:
        raise KeyError("no such thing")

    bench.worker.offer("bad", fail)
    assert bench.worker.join(PATIENCE_S)
    assert bench.worker.offer("good", bench.does("good"))
    assert bench.worker.join(PATIENCE_S)
    assert (told, bench.done) == ([KeyError], ["good"])


def test_what_is_asked_to_stop_stops_at_its_next_beat_and_nothing_new_begins(bench: Bench) -> None:
    bench.worker.offer("hold", bench.holds)
    bench.worker.offer("a", bench.does("a"))
    while not bench.done:
        bench.gate.wait(0.005)
    bench.stopping.set()
    assert bench.worker.join(PATIENCE_S)
    assert (bench.done, bench.faults) == (["held"], [])
    assert not bench.worker.offer("a", bench.does("a"))


def test_a_pulse_ends_its_task_once_so_that_it_can_put_things_in_order() -> None:
    stopping = Event()
    stop_token = StopToken(stopping)
    stop_token.check()
    stopping.set()
    with pytest.raises(Stopped):
        stop_token.check()
    stop_token.check()
    assert stop_token.steps == 3


def test_a_thread_that_the_system_does_not_give_is_told_of_and_asked_for_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as scarce:
        scarce.setattr(threading.Thread, "start", none_left)
        assert bench.worker.offer("a", bench.does("a"))
    assert bench.worker.is_busy(), "it waits, and nobody has it in hand"
    assert "gives no further thread" in caplog.text
    bench.worker.offer("a", bench.does("a"))
    assert bench.worker.join(PATIENCE_S)
    assert bench.done == ["a"]
