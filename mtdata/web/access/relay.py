"""How an instance is asked about a log-in: in seats, and so that the time of a no tells nothing.

Who has logged in from there before has seats of their own, so strangers cannot take them all.  What
comes of a stranger's try that is refused is told at one and the same time after it began, whoever
was asked or nobody: so it tells neither which instances are configured nor how they are.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from django.views.decorators.debug import sensitive_variables

from mtdata.core.clock import SystemClock

_CLOCK = SystemClock()
Found = TypeVar("Found")
Act = TypeVar("Act", bound=Callable[..., Any])
hide_password: Callable[[Act], Act] = sensitive_variables("password")
"""Keeps the password out of whatever tells of a fault."""
EVEN_S = 5.0
"""Longer than an instance has for its turn and its answer (`ForeignLogIn.is_accepted`)."""
MOST_AT_ONCE = 2
_SEATS = {known: threading.BoundedSemaphore(MOST_AT_ONCE) for known in (True, False)}
"""An instance that does not answer holds no more of the few threads that answer everybody."""


@contextmanager
def seat_of(seats: threading.BoundedSemaphore) -> Iterator[bool]:
    """Whether one of the seats is free; it is given back in the end."""
    has_seat = seats.acquire(blocking=False)
    try:
        yield has_seat
    finally:
        if has_seat:
            seats.release()


def seat(*, known: bool) -> AbstractContextManager[bool]:
    """Whether there is a seat for who asks an instance; it is given back in the end."""
    return seat_of(_SEATS[known])


def in_even_time(
    ask: Callable[[], Found | None],
    ticks: Callable[[], float] = _CLOCK.ticks,
    wait: Callable[[float], None] = time.sleep,
) -> Found | None:
    """What comes of it; that nothing does is not known before EVEN_S have gone."""
    began = ticks()
    found = ask()
    if found is None:
        wait(max(0.0, began + EVEN_S - ticks()))
    return found
