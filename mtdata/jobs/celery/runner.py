"""The engine celery: the slots of every engine, and a listener by which a broker wakes them.

The records decide and a ring only says: look now.  So a ring too many changes nothing, and one too
few costs at most SWEEP_S.
"""

from __future__ import annotations

from collections.abc import Callable

from mtdata.config import Settings
from mtdata.core.errors import ConfigError, RecordsError
from mtdata.jobs.celery import ring
from mtdata.jobs.celery.listener import Listener
from mtdata.jobs.celery.relay import RingRelay, Rings
from mtdata.jobs.kind import Kinds
from mtdata.jobs.records import reaper, runners, setting
from mtdata.jobs.runner import JobRunner
from mtdata.jobs.supervisor import SupervisorOptions

LAST_S, HANDED_BACK_S = 1.0, 8.0
"""So long the listener is waited for in the end; longer where its last poll of SQS took a ring."""
PATIENT_S = 15.0
"""So long a runner may ring: nobody sits in front of it, and a busy machine is slow."""


class CeleryRunner(JobRunner):
    """Slots that sleep until they are rung, at most SWEEP_S."""

    engine = "celery"

    def __init__(
        self,
        settings: Settings,
        kinds: Kinds,
        options: SupervisorOptions | None = None,
        count: int = 0,
        spread: Callable[[Settings], None] = lambda settings: None,
    ) -> None:
        super().__init__(settings, kinds, options, count, spread)
        self.look_s = settings.programme.sweep_s
        self._listener: Listener | None = None
        self._relay = RingRelay(self._pass_on, setting.close_records)
        self._handed_back: list[tuple[str, int]] = []

    def start(self) -> None:
        """Begin to listen and to look.  ConfigError where there is no broker."""
        address = self._settings.programme.broker
        if address is None:
            raise ConfigError(
                "programme.config: BROKER is missing; the engine celery needs one (amqp:// or "
                "sqs://), there or behind --broker"
            )
        self._listener = Listener(address, self._on_ring)
        super().start()
        self._begin("relay", self._relay.run)
        self._listener.start()

    def stop(self, within_s: float) -> bool:
        """Hand back what is in hand and end; whether all of it ended in time."""
        if self._listener is not None:
            self._listener.leave()
        self._relay.leave()
        ended = super().stop(within_s)
        self._handed_back += [(job, 1) for job, _ in self._relay.take()]
        if self._listener is not None:
            self._listener.join(HANDED_BACK_S if self._handed_back else LAST_S)
        for job, count in self._handed_back:
            ring.ring(self._settings, job, count, within_s=PATIENT_S)
        return ended

    def is_well(self) -> bool:
        """Whether every thread is still there."""
        return super().is_well() and self._listener is not None and self._listener.is_well()

    def is_settled(self) -> bool:
        """Whether it listens, or knows that the broker is away and finds jobs by looking."""
        listener = self._listener
        return super().is_settled() and listener is not None and listener.is_settled()

    def status(self) -> str:
        """What it does, in one line for whoever looks at the service."""
        if self._absence.lasts or self._listener is None:
            return super().status()
        return self._listener.status()

    def call(self, job: str, count: int) -> None:
        """Wake our own slots, and other runners by the broker."""
        super().call(job, count)
        if self._leaving.is_set():  # our own listener must not be the one that gets it
            self._handed_back.append((job, count))
            return
        ring.ring(self._settings, job, count, within_s=PATIENT_S)

    def _pause_s(self, looked_s: float) -> float:
        return reaper.due_in_s(self._kinds.keys(), self.look_s, looked_s)

    def _on_ring(self, job_id: str, hops: int) -> None:
        if self._wakeup.wake() or hops >= ring.MOST_HOPS or self._leaving.is_set():
            return
        # all our slots are at work, and look again before they sleep; others may be free now
        self._relay.add(job_id, hops)

    def _pass_on(self, rings: Rings) -> None:
        try:
            if not runners.idle_elsewhere(self._entered(), self.look_s):
                return
        except RecordsError:
            return  # the slots tell of it, and who sleeps wakes by itself
        for came, jobs in _by_hops(rings).items():  # a connection each, not one a ring
            ring.ring_each(self._settings, jobs, came + 1, within_s=PATIENT_S)


def _by_hops(rings: Rings) -> dict[int, list[str]]:
    """The jobs of these rings, by how many busy runners they came."""
    found: dict[int, list[str]] = {}
    for job, hops in rings:
        found.setdefault(hops, []).append(job)
    return found


def runner_of(
    settings: Settings,
    kinds: Kinds,
    count: int = 0,
    options: SupervisorOptions | None = None,
    spread: Callable[[Settings], None] = lambda settings: None,
) -> JobRunner:
    """The slots of the engine that the settings name."""
    runner = CeleryRunner if settings.programme.engine == "celery" else JobRunner
    return runner(settings, kinds, options, count, spread)
