"""Who carries jobs: enters, is heard of, goes; it carries none."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q

from mtdata import __version__
from mtdata.core.control import on_lines
from mtdata.jobs.records.asking import asking, now, whole
from mtdata.jobs.records.liveness import is_alive
from mtdata.jobs.records.models import Event, Job, Runner
from mtdata.jobs.states import Status


def register(engine: str, slots: int) -> UUID:
    """Enter a new runner; its id."""

    def move() -> UUID:
        at = now()
        runner = Runner.objects.create(
            host=socket.gethostname()[:255],
            pid=os.getpid(),
            engine=engine,
            slots=slots,
            version=__version__,
            started_at=at,
            seen_at=at,
        )
        return UUID(str(runner.pk))

    return whole(move)


def mark_seen(runner: UUID) -> None:
    """Note that a runner is still there."""
    whole(lambda: Runner.objects.filter(pk=runner).update(seen_at=now()))


def mark_ended(runner: UUID) -> None:
    """Note that a runner has ended by itself."""
    whole(lambda: Runner.objects.filter(pk=runner).update(ended_at=now()))


def idle_elsewhere(runner: UUID, sweep_s: float) -> bool:
    """Whether another runner of the same engine is alive and has a slot free."""
    with asking():
        ours = Runner.objects.filter(pk=runner).values("engine")
        at_work = Count("part", filter=Q(part__status=Status.IN_PROGRESS))
        others = Runner.objects.filter(is_alive(now(), sweep_s), engine__in=ours).exclude(pk=runner)
        return others.annotate(at_work=at_work).filter(at_work__lt=F("slots")).exists()


def add_log_lines(job_id: Any, lines: Sequence[tuple[str, str]]) -> None:
    """Add lines (level, text) of a child to the log of a job."""

    def move() -> None:
        if Job.objects.filter(pk=job_id).exists():
            at = now()
            Event.objects.bulk_create(
                Event(job_id=job_id, at=at, level=level[:8], text=on_lines(text)[:1000])
                for level, text in lines
            )

    whole(move)
