"""A program hears that it should end whenever signals come, also several at one moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from mtdata.core.stop import EndRequest

#: Not SIGALRM, whose handler and clock belong to the time limit of the tests themselves.
SIGNAL = signal.SIGUSR1
SENDER = "import os, sys\nwhile True:\n    os.kill(int(sys.argv[1]), int(sys.argv[2]))"


class Storm:
    """Signals as fast as another process sends them, each of which says that all should end."""

    def __init__(self) -> None:
        self.request = EndRequest()
        self.came = 0

    def __call__(self, *_: object) -> None:
        self.came += 1
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
        storm.request.set()
        assert storm.request.wait(1.0)
    assert storm.request.is_set()


def test_it_is_not_said_before_it_is_said() -> None:
    request = EndRequest()
    assert (request.wait(0.001), request.is_set()) == (False, False)
    request.set()
    assert (request.is_set(), request.wait(0.001), request.is_set()) == (True, True, True)
