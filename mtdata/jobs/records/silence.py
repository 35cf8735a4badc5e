"""A session of PostgreSQL whose server says nothing any more is ended; it asks nothing itself.

The limits of `connecting` are kept by the server: one that stands still, or that something between
does not let through, keeps none, and its driver would wait for it as long as the connection lasts.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from mtdata.core.clock import SystemClock

_CLOCK = SystemClock()


def end_silence(session: Any, limit_s: float) -> None:
    """Have whatever is asked by this session end in psycopg's OperationalError after so many
    seconds in which nothing came or went; nothing more can be asked by it then.
    """
    if "wait" in vars(session):  # one that is used again
        return
    usual = session.wait

    def wait(asked: Any, *how: Any, **more: Any) -> Any:
        return usual(_answer_in_time(session, asked, limit_s), *how, **more)

    session.wait = wait


def _answer_in_time(session: Any, asked: Any, limit_s: float) -> Generator[Any, Any, Any]:
    """What psycopg does to get an answer, which is told now and then that nothing has come."""
    import psycopg

    since = _CLOCK.ticks()
    try:
        wanted = next(asked)
        while True:
            ready = yield wanted
            if ready:
                since = _CLOCK.ticks()
            elif _CLOCK.ticks() - since > limit_s:
                session.close()  # else to roll back would wait as long again
                raise psycopg.OperationalError("the answer timed out")
            wanted = asked.send(ready)
    except StopIteration as ended:
        return ended.value
