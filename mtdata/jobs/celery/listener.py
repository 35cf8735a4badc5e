"""The listener of a runner: a thread that gets rings from the broker; it runs and carries nothing.

Each message is taken from the broker at once and for good, so nothing there ever waits behind a
long job, and none that does harm comes a second time.  While the broker is away, or whatever else
ends the listening, it begins again and again, with pauses that grow up to a bound.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from mtdata import logs
from mtdata.config.broker import BrokerAddress
from mtdata.core.backoff import Backoff
from mtdata.core.clock import SystemClock
from mtdata.jobs.celery import consumer, ring
from mtdata.jobs.celery.app import need_celery
from mtdata.jobs.celery.broker_faults import is_unreadable, why
from mtdata.jobs.celery.consumer import Delivery

log = logging.getLogger(__name__)
OnRing = Callable[[str, int], None]
PAUSES, STANDS_S = Backoff(0.5, 15.0), 60.0
WAIT_S, LONG_POLL_S = 1.0, 5.0
SILENT = logging.CRITICAL + 1


class Listener:
    """Calls `on_ring` with the job and the hops of each ring, in a thread of its own."""

    def __init__(self, address: BrokerAddress, on_ring: OnRing) -> None:
        self._address, self._on_ring = address, on_ring
        need_celery(address)
        self._wait_s = LONG_POLL_S if address.kind == "sqs" else WAIT_S
        self._leaving = threading.Event()
        self._away, self._tries, self._stuck = False, 0, False
        self._ticks, self._since = SystemClock().ticks, 0.0
        self._absence = f"the broker {address.redacted()} is away"
        self._is_asked = False  # whether the broker has answered, or is known to be away
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)

    def start(self) -> None:
        """Begin to listen, whether or not the broker is there."""
        for name in ("celery", "kombu", "amqp"):
            theirs = logging.getLogger(name)
            if theirs.level == logging.NOTSET:
                theirs.setLevel(SILENT)  # what matters of it is told once, here
        self._thread.start()

    def leave(self) -> None:
        """Stop listening, without waiting for it."""
        self._leaving.set()

    def is_well(self) -> bool:
        """Whether it listens, or tries to."""
        return self._thread.is_alive()

    def is_settled(self) -> bool:
        """Whether it listens, or has told that the broker is not there for us."""
        return self._is_asked

    def status(self) -> str:
        """How it stands, in words."""
        away = "the broker is away, so jobs are found by looking"
        return away if self._away or not self._is_asked else "listens to the broker"

    def join(self, within_s: float) -> None:
        """Wait `within_s` seconds for its end; one that hangs at the broker holds a ring alone."""
        self._thread.join(within_s)

    def _listen(self) -> None:
        while not self._leaving.is_set():
            try:
                self._consume()
            except Exception as error:  # a border: see tests/test_architecture.py
                self._note_lost(error)
                self._leaving.wait(PAUSES.pause_s(self._tries))

    def _consume(self) -> None:
        """Listen until we leave, or something goes wrong."""
        if self._stuck:
            consumer.purge(self._address)
            self._tell_of_dropped("it cannot even be taken, so all that waited was dropped with it")
            self._on_ring(ring.NOBODY, ring.MOST_HOPS)  # some of it may have been rings
            self._stuck = False
        with consumer.consuming(self._address) as connection:
            self._note_connected()
            while not self._leaving.is_set():
                if delivery := connection.next(self._wait_s):
                    self._accept(delivery)

    def _accept(self, delivery: Delivery) -> None:
        is_ring = not isinstance(delivery.content, str) and delivery.content.job != ring.NOBODY
        if is_ring and self._leaving.is_set():
            delivery.requeue()
            return
        delivery.ack()
        if isinstance(delivery.content, str):
            self._tell_of_dropped(delivery.content)
        else:
            self._on_ring(delivery.content.job, delivery.content.hops)

    def _note_lost(self, error: Exception) -> None:
        if self._leaving.is_set():
            return
        self._stuck = is_unreadable(error) and self._address.kind != "sqs"
        stood = not self._away and self._ticks() - self._since > STANDS_S
        self._tries = 1 if stood else self._tries + 1  # one that comes and goes is called seldom
        self._away = self._is_asked = True
        log.warning(
            "the broker %s is not there for us (%s); jobs are found by looking meanwhile, and "
            "it is called again", self._address.redacted(), why(error, self._address),
            extra=logs.alike(self._absence),
        )  # fmt: skip

    def _note_connected(self) -> None:
        if self._away:
            logs.over(self._absence)
            log.warning("the broker %s is there again", self._address.redacted(), extra=logs.EACH)
        else:
            log.info("listening to the broker %s", self._address.redacted())
        self._away, self._is_asked, self._since = False, True, self._ticks()

    def _tell_of_dropped(self, reason: str) -> None:
        log.warning("the broker %s: a message was dropped: %s", self._address.redacted(), reason)
