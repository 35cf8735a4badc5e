"""A sleep that is ended from outside; a test that fails here sleeps until pytest ends it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from mtdata.daemon.sleep import WakeableSleep

HOUR_S = 3600.0


@pytest.fixture
def sleep() -> Iterator[WakeableSleep]:
    made = WakeableSleep()
    with made.open():
        yield made


def test_it_is_over_when_its_time_is(sleep: WakeableSleep) -> None:
    sleep.sleep(0.01)
    sleep.sleep(0.0)
    sleep.sleep(-5.0)


def test_the_handler_of_a_signal_ends_it(sleep: WakeableSleep) -> None:
    came: list[int] = []

    def handle(number: int, _: object) -> None:
        came.append(number)
        sleep.wake()

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
        sleep.sleep(HOUR_S)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert came == [signal.SIGUSR1]


def test_what_came_before_it_is_not_lost_and_ends_one_sleep_only(sleep: WakeableSleep) -> None:
    sleep.wake()
    sleep.wake()
    sleep.sleep(HOUR_S)
    assert sleep._sleeper is not None
    sleep._sleeper.setblocking(False)
    with pytest.raises(BlockingIOError):
        sleep._sleeper.recv(1)


def test_any_number_of_wake_ups_keeps_no_handler_waiting(sleep: WakeableSleep) -> None:
    for _ in range(100_000):
        sleep.wake()
    sleep.sleep(HOUR_S)


def test_before_and_behind_it_nobody_is_woken() -> None:
    sleep = WakeableSleep()
    sleep.wake()
    with sleep.open():
        pass
    sleep.wake()
    with pytest.raises(AssertionError):
        sleep.sleep(1.0)
