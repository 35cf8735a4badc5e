"""A desk does one task after another, each name once, and survives what its tasks do wrong."""

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
    """A desk, what was done at it, and what went wrong."""

    def __init__(self) -> None:
        self.stopping, self.gate = Event(), Event()
        self.faults: list[tuple[str, str]] = []
        self.done: list[str] = []
        self.desk = SiteWorker("study", self.stopping, self.fault)

    def fault(self, task: str, error: MTDataError) -> None:
        self.faults.append((task, str(error)))

    def does(self, name: str) -> Callable[[StopToken], None]:
        return lambda pulse: self.done.append(name)

    def holds(self, pulse: StopToken) -> None:
        """A task that lasts until the gate opens."""
        self.done.append("held")
        while not self.gate.wait(0.005):
            pulse.check()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.gate.set()
    assert made.desk.join(PATIENCE_S)


def test_tasks_are_done_in_their_order_and_the_thread_ends(bench: Bench) -> None:
    bench.desk.offer("hold", bench.holds)
    for name in ("a", "b", "c"):
        assert bench.desk.offer(name, bench.does(name))
    assert bench.desk.is_waited_for()
    bench.gate.set()
    assert bench.desk.join(PATIENCE_S)
    assert bench.done == ["held", "a", "b", "c"]
    assert (bench.desk.in_hand, bench.desk.beats(), bench.desk.is_waited_for()) == ("", None, False)


def test_a_task_in_hand_or_waiting_is_skipped_and_counted(bench: Bench) -> None:
    assert bench.desk.offer("hold", bench.holds)
    assert bench.desk.offer("a", bench.does("a"))
    assert not bench.desk.offer("hold", bench.holds)
    assert not bench.desk.offer("a", bench.does("a"))
    assert not bench.desk.offer("a", bench.does("a"))
    bench.gate.set()
    assert bench.desk.join(PATIENCE_S)
    assert bench.done == ["held", "a"]
    assert bench.desk.skipped == {"hold": 1, "a": 2}
    assert bench.desk.offer("a", bench.does("a"))


def test_a_named_fault_is_told_and_the_next_task_has_its_turn(bench: Bench) -> None:
    def fail(pulse: StopToken) -> None:
        raise StorageError("the disk refused")

    bench.desk.offer("hold", bench.holds)
    bench.desk.offer("bad", fail)
    bench.desk.offer("good", bench.does("good"))
    bench.gate.set()
    assert bench.desk.join(PATIENCE_S)
    assert (bench.faults, bench.done) == ([("bad", "the disk refused")], ["held", "good"])


def test_a_fault_of_the_program_ends_a_thread_and_not_the_desk(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda what: told.append(what.exc_type))

    def fail(pulse: StopToken) -> None:
        raise KeyError("no such thing")

    bench.desk.offer("bad", fail)
    assert bench.desk.join(PATIENCE_S)
    assert bench.desk.offer("good", bench.does("good"))
    assert bench.desk.join(PATIENCE_S)
    assert (told, bench.done) == ([KeyError], ["good"])


def test_what_is_asked_to_stop_stops_at_its_next_beat_and_nothing_new_begins(bench: Bench) -> None:
    bench.desk.offer("hold", bench.holds)
    bench.desk.offer("a", bench.does("a"))
    while not bench.done:
        bench.gate.wait(0.005)
    bench.stopping.set()
    assert bench.desk.join(PATIENCE_S)
    assert (bench.done, bench.faults) == (["held"], [])
    assert not bench.desk.offer("a", bench.does("a"))


def test_a_pulse_ends_its_task_once_so_that_it_can_put_things_in_order() -> None:
    stopping = Event()
    pulse = StopToken(stopping)
    pulse.check()
    stopping.set()
    with pytest.raises(Stopped):
        pulse.check()
    pulse.check()
    assert pulse.steps == 3
