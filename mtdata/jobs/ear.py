"""The ear of a runner: a small Celery worker in a thread that hears rings and carries no job.

Each ring is taken from the broker at once, so nothing there ever waits behind a long job.  While
the broker is away the ear calls it again and again, with pauses that grow up to a bound.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

from celery.bootsteps import CLOSE
from celery.exceptions import WorkerShutdown
from celery.worker.consumer import Consumer

from mtdata.adapters.clock import SystemClock
from mtdata.domain.broker import BrokerAddress
from mtdata.jobs.broker import TASK, new_app
from mtdata.jobs.broker_faults import faults, why

log = logging.getLogger(__name__)
Heard = Callable[[str, int], None]
PAUSES_S, STANDS_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0), 60.0
SILENT = logging.CRITICAL + 1


class _Consumer(Consumer):  # type: ignore[misc]
    """Celery's, without what it makes at the broker for tasks of later: no ring is one."""

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]
        """The steps by which it begins."""

        default_steps = tuple(
            step for step in Consumer.Blueprint.default_steps if "delayed_delivery" not in step
        )


class Ear:
    """Calls `heard` with the job and the hops of each ring, in a thread of Celery's."""

    def __init__(self, address: BrokerAddress, heard: Heard) -> None:
        self._address = address
        self._app = new_app(address)
        self._leaving = threading.Event()
        self._away, self._tries = False, 0
        self._ticks, self._since = SystemClock().ticks, 0.0
        self._consumer: Any = None
        self._thread = threading.Thread(target=self._listen, name="ear", daemon=True)

        def ring(job_id: str, hops: int) -> None:
            heard(str(UUID(job_id)), int(hops))

        self._app.task(ring, name=TASK, shared=False)

    def start(self) -> None:
        """Begin to listen, whether or not the broker is there."""
        for name in ("celery", "kombu", "amqp"):
            theirs = logging.getLogger(name)
            if theirs.level == logging.NOTSET:
                theirs.setLevel(SILENT)  # what matters of it is told once, here
        self._app.set_default()  # its pool has threads of its own, and they look for it there
        self._thread.start()

    def leave(self) -> None:
        """Hear no more; it does not wait."""
        self._leaving.set()
        self._close()

    def is_well(self) -> bool:
        """Whether it listens, or tries to."""
        return self._thread.is_alive()

    def join(self, within_s: float) -> None:
        """Wait for its end; when it hangs at the broker, what it holds there is only a ring."""
        self._thread.join(within_s)

    def _listen(self) -> None:
        while not self._leaving.is_set():
            reason = self._heard_until()
            if self._leaving.is_set():
                return
            self._lost(reason)
            self._leaving.wait(PAUSES_S[min(self._tries, len(PAUSES_S)) - 1])

    def _heard_until(self) -> str:
        """Listen until the connection breaks; why it did."""
        worker = self._app.WorkController(
            pool="threads",
            concurrency=1,
            use_eventloop=False,  # with it a broken poll of SQS is never begun again
            without_mingle=True,
            without_gossip=True,
            without_heartbeat=True,
            task_events=False,
            ready_callback=self._back,
            consumer_cls=_Consumer,
        )
        try:
            worker.blueprint.start(worker)
        except WorkerShutdown as error:
            return why(error.__cause__ or error.__context__, self._address)
        except faults() as error:
            return why(error, self._address)
        finally:
            worker.stop()
        return "it ended by itself"

    def _lost(self, reason: str) -> None:
        stood = not self._away and self._ticks() - self._since > STANDS_S
        self._tries = 1 if stood else self._tries + 1  # one that comes and goes is called seldom
        if not self._away:
            self._away = True
            log.warning(
                "the broker %s is not there for us (%s); jobs are found by looking meanwhile, and "
                "it is called again", self._address.told(), reason,
            )  # fmt: skip

    def _close(self) -> None:
        """End the loop of this worker alone; Celery's own word for it ends all of a process."""
        if self._consumer is not None:
            self._consumer.blueprint.state = CLOSE

    def _back(self, consumer: Any) -> None:
        if self._away:
            log.warning("the broker %s is there again", self._address.told())
        else:
            log.info("listening to the broker %s", self._address.told())
        self._away, self._since, self._consumer = False, self._ticks(), consumer
        if self._leaving.is_set():
            self._close()
