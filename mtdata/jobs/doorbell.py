"""Rings the runners through the broker, never for long; the records say what is to be done."""

from __future__ import annotations

import logging
import threading
from typing import Any

from mtdata.config import Settings
from mtdata.domain.broker import BrokerAddress
from mtdata.errors import ConfigError

log = logging.getLogger(__name__)
WITHIN_S, MOST_TIMES = 3.0, 16
_HANDS = threading.BoundedSemaphore(4)
"""So many rings at a time may hang at a broker that does not answer."""


def ring(
    settings: Settings, job_id: Any, times: int = 1, hops: int = 0, within_s: float | None = None
) -> bool:
    """Wake a runner, or so many; False when the broker could not be told.

    The embedded engine has no broker: its slots look into the records by themselves.  `hops` tells
    by how many runners that were busy the ring came here.
    """
    how = settings.programme
    if how.engine == "embedded" or how.broker is None:
        return True
    told = _rung(how.broker, str(job_id), min(times, MOST_TIMES), hops, within_s or WITHIN_S)
    if told:
        log.warning(
            "the broker %s could not be rung (%s); job %s is safe in the records, and a runner "
            "finds it within %g s (SWEEP_S)", how.broker.told(), told, job_id, how.sweep_s,
        )  # fmt: skip
    return not told


def _rung(address: BrokerAddress, job_id: str, times: int, hops: int, within_s: float) -> str:
    """Why it could not be rung, '' when it was."""
    from mtdata.jobs.broker import app_of, faults

    try:
        app, away = app_of(address), faults()  # loading them is not counted as waiting
    except ConfigError as error:
        return str(error)
    if not _HANDS.acquire(blocking=False):
        return "earlier rings still hang there"
    told: list[str] = []

    def act() -> None:
        try:
            _send(app, job_id, times, hops)
            told.append("")
        except away as error:
            told.append(type(error).__name__)  # its words could quote the account
        finally:
            _HANDS.release()

    hand = threading.Thread(target=act, name="doorbell", daemon=True)
    hand.start()
    hand.join(within_s)
    return told[0] if told else f"no answer within {within_s:g} s"


def _send(app: Any, job_id: str, times: int, hops: int) -> None:
    from mtdata.jobs.broker import TASK

    # a connection of its own each time: one that is kept is broken just when it is needed
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=0, reraise_as_library_errors=False)
        producer = app.amqp.Producer(connection)
        for _ in range(times):
            app.send_task(TASK, (job_id, hops), producer=producer, retry=False, ignore_result=True)
