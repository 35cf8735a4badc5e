"""The bell of a runner: who sleeps is woken once, and a ring beyond that is told to be too many."""

from __future__ import annotations

import threading

from mtdata.jobs.wakeup import Bell
from tests.jobs.place import until


def asleep(bell: Bell) -> threading.Thread:
    thread = threading.Thread(target=bell.sleep, args=(bell.rung, 60.0))
    thread.start()
    until(lambda: bell._asleep, "somebody asleep")
    return thread


def test_a_ring_wakes_who_sleeps_and_a_second_one_finds_nobody() -> None:
    bell = Bell()
    slot = asleep(bell)
    assert bell.ring()
    assert not bell.ring()  # whether or not the slot has stood up by now
    slot.join(10)
    assert not slot.is_alive()
    again = asleep(bell)
    assert bell.ring()
    again.join(10)
    assert not again.is_alive()


def test_a_ring_while_nobody_sleeps_is_not_lost() -> None:
    bell = Bell()
    seen = bell.rung
    assert not bell.ring()
    slot = threading.Thread(target=bell.sleep, args=(seen, 60.0))
    slot.start()
    slot.join(10)
    assert not slot.is_alive()


def test_a_sleep_that_is_over_by_itself_leaves_nobody_asleep() -> None:
    bell = Bell()
    bell.sleep(bell.rung, 0.01)
    assert not bell.ring()
