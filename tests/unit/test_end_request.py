"""Signals end a sleep and say that a program should end whenever they come, also at one moment.

A test of a sleep that fails here sleeps until pytest ends it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from mtdata.core.stop import EndRequest, WakeableSleep

#: Not SIGALRM, whose handler and clock belong to the time limit of the tests themselves.
SIGNAL = signal.SIGUSR1
HOUR_S = 3600.0
SENDER = "import os, sys\nwhile True:\n    os.kill(int(sys.argv[1]), int(sys.argv[2]))"


class Storm:
    """Signals as fast as another process sends them, each of which ends a sleep."""

    def __init__(self) -> None:
        self.sleep, self.request = WakeableSleep(), EndRequest()
        self.came = 0

    def __call__(self, *_: object) -> None:
        self.came += 1
        self.sleep.wake()
        self.request.set()


@pytest.fixture
def storm() -> Iterator[Storm]:
    """Signals that come from before the test until its end, and none behind it."""
    storm = Storm()
    before = signal.signal(SIGNAL, storm)
    sender = subprocess.Popen([sys.executable, "-c", SENDER, str(os.getpid()), str(int(SIGNAL))])
    yield storm
    sender.kill()
    sender.wait()
    signal.signal(SIGNAL, signal.SIG_IGN)  # what was sent and has not come is dropped by this
    signal.signal(SIGNAL, before)


def test_signals_within_signals_stop_nothing(storm: Storm) -> None:
    while storm.came < 3_000:
        storm.sleep.wake()
        storm.sleep.sleep(HOUR_S)
        storm.request.set()
    assert storm.request.wait(HOUR_S)


def test_a_signal_alone_ends_a_sleep(storm: Storm) -> None:
    while storm.came < 100:
        storm.sleep.sleep(HOUR_S)


def test_it_is_not_said_before_it_is_said() -> None:
    request = EndRequest()
    assert (request.wait(0.001), request.is_set()) == (False, False)
    request.set()
    assert (request.is_set(), request.wait(0.001), request.is_set()) == (True, True, True)


def test_a_sleep_is_over_when_its_time_is() -> None:
    sleep = WakeableSleep()
    sleep.sleep(0.01)
    sleep.sleep(0.0)
    sleep.sleep(-5.0)


def test_what_came_before_a_sleep_is_not_lost_and_ends_one_only() -> None:
    sleep = WakeableSleep()
    for _ in range(100_000):  # more than a pipe takes, and no handler waits
        sleep.wake()
    sleep.sleep(HOUR_S)
    assert sleep._poll.poll(0) == []


def test_a_sleep_leaves_no_file_open() -> None:
    sleep = WakeableSleep()
    files = sleep._reader, sleep._writer
    del sleep
    for file in files:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(file)
