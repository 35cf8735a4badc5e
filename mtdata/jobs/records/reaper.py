"""Parts that did not get to their end are taken back into the queue; no child is ended here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import F, Q

from mtdata.core.past import latest_counted
from mtdata.jobs.records.asking import asking, now, whole
from mtdata.jobs.records.claims import Claimed
from mtdata.jobs.records.liveness import is_silent
from mtdata.jobs.records.models import Job, Part
from mtdata.jobs.records.transitions import TEXT, add_event, advance, end, locked
from mtdata.jobs.states import FINAL, MOST_LOST, MOST_PUT_OFF, Stage, Status, after_loss

PAUSE_S, PUT_OFF_S = 5.0, 2.0
SILENT = "its runner was not heard of any more"


def requeue(claimed: Claimed, reason: str) -> bool:
    """Enter that the part did not get to its end: it is begun anew, or has Failed by now.

    False when it is ours no more.
    """
    return whole(partial(_requeue, claimed.job, _part_of(claimed), reason))


def put_off(claimed: Claimed, reason: str) -> bool:
    """Enter a fault that may be gone later: the part is begun anew with pauses that grow."""
    requeue_it = partial(_requeue, most=MOST_PUT_OFF, first_pause_s=PUT_OFF_S)
    return whole(partial(requeue_it, claimed.job, _part_of(claimed), reason))


def hand_back(claimed: Claimed, reason: str) -> bool:
    """Give back the part of a runner that ends by itself: it does not count as a loss."""
    return whole(partial(_requeue, claimed.job, _part_of(claimed), reason, counts=False))


def _part_of(claimed: Claimed) -> Any:
    return Part.objects.filter(pk=claimed.part, attempt=claimed.attempt)


def reap(stopping_s: float) -> int:
    """Take back every part whose lease ran out, and end what does not get stopped; how many."""
    with asking():
        at = now()
        _forget_waits(at)
        expired = Part.objects.filter(is_silent(at), status=Status.IN_PROGRESS)
        lost = list(expired.values_list("job_id", "pk", "attempt"))
        late = _late(at, stopping_s)
    count = 0
    for job_id, pk, attempt in lost:
        # renewed meanwhile, it does not match any more
        still = Part.objects.filter(is_silent(at), pk=pk, attempt=attempt)
        count += whole(partial(_requeue, job_id, still, SILENT))
    for job_id in late:
        count += whole(partial(_too_late, job_id, stopping_s))
    return count


def _forget_waits(at: datetime) -> None:
    """What a clock that stood ahead put off is not waited for until then."""
    ahead = Q(ended_at__gt=latest_counted(at)) | Q(waiting_since__gt=latest_counted(at))
    waits = Part.objects.filter(ahead, status=Status.QUEUED, not_before__gt=at)
    jobs = list(waits.values_list("job_id", flat=True).distinct())
    if jobs:
        waits.update(not_before=None, waiting_since=None)
        Job.objects.filter(pk__in=jobs, not_before__gt=at).update(not_before=None)


def due_in_s(kinds: Collection[str], most_s: float) -> float:
    """How long until a part that was put off is begun anew; `most_s` when none is sooner."""
    with asking():
        at = now()
        waits = Part.objects.filter(
            status=Status.QUEUED, job__kind__in=list(kinds), not_before__gt=at
        ).exclude(job__status__in=FINAL)
        first = waits.order_by("not_before").values_list("not_before", flat=True).first()
    return most_s if first is None else min(most_s, (first - at).total_seconds())


def _late(at: datetime, stopping_s: float) -> list[Any]:
    since = at - timedelta(seconds=stopping_s)
    stopping = Job.objects.filter(status=Status.STOPPING, stopping_at__lt=since)
    return list(stopping.values_list("pk", flat=True))


def _requeue(
    job_id: Any,
    which: Any,
    reason: str,
    *,
    counts: bool = True,
    most: int = MOST_LOST,
    first_pause_s: float = 0.0,
) -> bool:
    job, at = locked(job_id), now()
    part = which.filter(status=Status.IN_PROGRESS).first()
    if part is None:
        return False
    lost = part.lost + counts
    stopping = job.status == Status.STOPPING
    becomes = after_loss(lost, stopping=stopping, stage=Stage(part.stage), most=most)
    pause_s = first_pause_s * 4 ** (lost - 1) or PAUSE_S * max(0, lost - 1)
    taken = which.filter(status=Status.IN_PROGRESS).update(
        status=becomes.value,
        attempt=F("attempt") + 1,
        lost=lost,
        leased_until=None,
        not_before=at + timedelta(seconds=pause_s),
        waiting_since=None,
        ended_at=at,
        reason=reason[:TEXT],
    )
    if taken == 1:
        add_event(
            job.pk, at, "WARNING", f"{part.name}: {reason}; now {becomes} (lost {lost} times)"
        )
        advance(job)
    return bool(taken)


def _too_late(job_id: Any, stopping_s: float) -> bool:
    job = locked(job_id)
    if job.status != Status.STOPPING:
        return False
    reason = f"it was not stopped within {stopping_s:g} s; what it wrote may still be there"
    job.parts.filter(status__in=(Status.IN_PROGRESS, Status.QUEUED)).update(
        status=Status.FAILED, attempt=F("attempt") + 1, leased_until=None, reason=reason
    )
    end(job, Status.FAILED, reason)
    return True
