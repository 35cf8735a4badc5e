"""The wake-up of a runner: who sleeps is woken once, and one more is told to be too many."""

from __future__ import annotations

import threading

from mtdata.jobs.wakeup import Wakeup
from tests.jobs.place import until


def asleep(wakeup: Wakeup) -> threading.Thread:
    thread = threading.Thread(target=wakeup.sleep, args=(wakeup.count, 60.0))
    thread.start()
    until(lambda: wakeup._asleep, "somebody asleep")
    return thread


def test_a_ring_wakes_who_sleeps_and_a_second_one_finds_nobody() -> None:
    wakeup = Wakeup()
    slot = asleep(wakeup)
    assert wakeup.wake()
    assert not wakeup.wake()  # whether or not the slot has stood up by now
    slot.join(10)
    assert not slot.is_alive()
    again = asleep(wakeup)
    assert wakeup.wake()
    again.join(10)
    assert not again.is_alive()


def test_a_ring_while_nobody_sleeps_is_not_lost() -> None:
    wakeup = Wakeup()
    seen = wakeup.count
    assert not wakeup.wake()
    slot = threading.Thread(target=wakeup.sleep, args=(seen, 60.0))
    slot.start()
    slot.join(10)
    assert not slot.is_alive()


def test_a_sleep_that_is_over_by_itself_leaves_nobody_asleep() -> None:
    wakeup = Wakeup()
    wakeup.sleep(wakeup.count, 0.01)
    assert not wakeup.wake()
