"""A runner as a service: systemd hears when it is at work, that it goes on, and when it ends."""

from __future__ import annotations

from contextlib import closing

from mtdata.core.stop import EndRequest
from mtdata.core.systemd import Notifier
from mtdata.jobs.runner import JobRunner

SETTLES_S, LOOK_S = 0.1, 1.0
"""So often it is looked whether it is at work by now, and then whether it goes on."""


def serve(slots: JobRunner, asked: EndRequest, patience_s: float) -> bool:
    """Carry jobs until asked to end; False where it had to end before, or did not end in time.

    RecordsError when the records cannot be reached; it has told nobody then that it is at work.
    """
    with closing(Notifier()) as systemd:
        slots.start()
        is_ready = False
        while not asked.wait(LOOK_S if is_ready else SETTLES_S) and slots.is_well():
            systemd.status(slots.status())
            systemd.alive()
            if not is_ready and slots.is_settled():
                is_ready = True
                systemd.ready()
        systemd.stopping()
        ended = slots.stop(patience_s)
    return ended and asked.is_set()
