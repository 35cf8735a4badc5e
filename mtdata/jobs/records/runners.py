"""Who carries jobs: enters, is heard of, goes; it carries none."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, Sum

from mtdata import __version__
from mtdata.config.programme import ProgrammeConfig
from mtdata.core.control import on_lines
from mtdata.core.past import latest_counted
from mtdata.jobs.records.asking import asking, made_whole, now
from mtdata.jobs.records.models import Event, Job, Part, Runner
from mtdata.jobs.states import Status

SILENT_SWEEPS = 4
"""A runner that was not heard of for so many sweeps is silent."""
MISSED, SLACK_S = 1.5, 2.0
"""One sign of life is missing after so many times the span between two, and so long on top."""


def is_alive(at: datetime, sweep_s: float) -> Q:
    """Of runners: heard of lately, or with a part whose lease it keeps; the one rule.

    What lies in the future proves nothing: a clock that stood ahead left it there.  One that
    carries what there is and goes keeps its leases and says no more.
    """
    since = at - timedelta(seconds=SILENT_SWEEPS * sweep_s)
    kept = Part.objects.filter(status=Status.IN_PROGRESS).exclude(is_silent(at))
    busy = kept.exclude(runner=None).values("runner")
    lately = Q(seen_at__gt=since, seen_at__lte=latest_counted(at))
    return Q(ended_at=None) & (lately | Q(pk__in=busy))


def is_silent(at: datetime) -> Q:
    """Of parts under way: the lease ran out, or the last sign of life lies in the future."""
    return Q(leased_until__lt=at) | Q(beat_at__gt=latest_counted(at))


def missed_after_s(every_s: float) -> float:
    """After how many seconds a sign of life that comes every so often is missing."""
    return MISSED * every_s + SLACK_S


def is_late(at: datetime, terms: ProgrammeConfig) -> Q:
    """Of runners that are alive: the last sign of life that was due has not come.

    One with a part under way tells of it every HEARTBEAT, one without tells every SWEEP.
    """
    parts = Part.objects.filter(status=Status.IN_PROGRESS).exclude(runner=None)
    beaten = at - timedelta(seconds=missed_after_s(terms.heartbeat_s))
    busy, beats = parts.values("runner"), parts.filter(beat_at__gt=beaten).values("runner")
    seen = at - timedelta(seconds=missed_after_s(terms.sweep_s))
    idle_late = ~Q(pk__in=busy) & Q(seen_at__lte=seen)
    return is_alive(at, terms.sweep_s) & (idle_late | Q(pk__in=busy) & ~Q(pk__in=beats))


def own_host() -> str:
    """The name by which this machine is entered."""
    return socket.gethostname()[:255]


@made_whole(stands=lambda runner: Runner.objects.filter(pk=runner).exists())
def register(engine: str, slots: int) -> UUID:
    """Enter a new runner; its id."""
    at = now()
    runner = Runner.objects.create(
        host=own_host(),
        pid=os.getpid(),
        engine=engine,
        slots=slots,
        version=__version__,
        started_at=at,
        seen_at=at,
    )
    return UUID(str(runner.pk))


@made_whole()
def mark_seen(runner: UUID) -> None:
    """Note that a runner is still there."""
    Runner.objects.filter(pk=runner).update(seen_at=now())


@made_whole()
def mark_ended(runner: UUID) -> None:
    """Note that a runner has ended by itself."""
    Runner.objects.filter(pk=runner).update(ended_at=now())


def count_slots(sweep_s: float) -> int:
    """How many slots the runners have that are alive."""
    with asking():
        alive = Runner.objects.filter(is_alive(now(), sweep_s))
        return int(alive.aggregate(slots=Sum("slots"))["slots"] or 0)


def idle_elsewhere(runner: UUID, sweep_s: float) -> bool:
    """Whether another runner of the same engine is alive and has a slot free."""
    with asking():
        ours = Runner.objects.filter(pk=runner).values("engine")
        at_work = Count("part", filter=Q(part__status=Status.IN_PROGRESS))
        others = Runner.objects.filter(is_alive(now(), sweep_s), engine__in=ours).exclude(pk=runner)
        return others.annotate(at_work=at_work).filter(at_work__lt=F("slots")).exists()


@made_whole()
def add_log_lines(job_id: Any, lines: Sequence[tuple[str, str]]) -> None:
    """Add lines (level, text) of a child to the log of a job."""
    if Job.objects.filter(pk=job_id).exists():
        at = now()
        Event.objects.bulk_create(
            Event(job_id=job_id, at=at, level=on_lines(level)[:8], text=on_lines(text)[:1000])
            for level, text in lines
        )
