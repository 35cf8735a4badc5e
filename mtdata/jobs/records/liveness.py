"""Which runner is alive, and which part's runner is not: the one rule; it changes nothing.

What lies in the future proves nothing: a clock that stood ahead left it there.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from mtdata.core.past import latest_counted
from mtdata.jobs.records.models import Part
from mtdata.jobs.states import Status

SILENT_SWEEPS = 4
"""A runner that was not heard of for so many sweeps is silent."""


def is_alive(at: datetime, sweep_s: float) -> Q:
    """Of runners: heard of lately, or with a part whose lease it keeps.

    One that carries what there is and goes keeps its leases and says no more.
    """
    since = at - timedelta(seconds=SILENT_SWEEPS * sweep_s)
    kept = Part.objects.filter(status=Status.IN_PROGRESS).exclude(is_silent(at))
    busy = kept.exclude(runner=None).values("runner")
    lately = Q(seen_at__gt=since, seen_at__lte=latest_counted(at))
    return Q(ended_at=None) & (lately | Q(pk__in=busy))


def is_silent(at: datetime) -> Q:
    """Of parts under way: the lease ran out, or the last sign of life lies in the future."""
    return Q(leased_until__lt=at) | Q(beat_at__gt=latest_counted(at))
