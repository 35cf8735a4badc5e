"""A program hears that it should end whenever signals come, also several at one moment."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from mtdata.core.stop import EndRequest


@pytest.fixture
def storm() -> Iterator[EndRequest]:
    """Signals as fast as the system gives them, each of which says it."""
    request = EndRequest()
    before = signal.signal(signal.SIGALRM, lambda *_: request.set())
    signal.setitimer(signal.ITIMER_REAL, 1e-5, 1e-5)
    yield request
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_signals_within_signals_stop_nothing(storm: EndRequest) -> None:
    for _ in range(3_000):
        storm.set()
        assert storm.wait(1.0)
    assert storm.is_set()


def test_it_is_not_said_before_it_is_said() -> None:
    request = EndRequest()
    assert (request.wait(0.001), request.is_set()) == (False, False)
    request.set()
    assert (request.is_set(), request.wait(0.001), request.is_set()) == (True, True, True)
