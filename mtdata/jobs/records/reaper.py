"""Parts that did not get to their end are taken back into the queue; no child is ended here."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from mtdata.core.backoff import Backoff
from mtdata.core.past import latest_counted
from mtdata.core.words import counted_times
from mtdata.jobs.records.asking import asking, made_whole, now
from mtdata.jobs.records.fence import Claimed, part_of
from mtdata.jobs.records.models import Job, Part
from mtdata.jobs.records.runners import is_silent, missed_after_s, own_host
from mtdata.jobs.records.tallies import count_end, count_part
from mtdata.jobs.records.transitions import add_event, advance, end, kept_text, locked
from mtdata.jobs.states import FINAL, MOST_LOST, MOST_PUT_OFF, Stage, Status, after_loss

LOST, PUT_OFF = Backoff(5.0, 60.0), Backoff(2.0, 1800.0, times=4)
"""Pauses after a loss, but for the first one, and after a fault that may be gone later."""
DEAD = "its runner, a process of this machine, has ended"
SILENT = "its runner was not heard of any more"


def requeue(claimed: Claimed, reason: str) -> bool:
    """Enter that the part did not get to its end: it is begun anew, or has Failed by now.

    False when it is ours no more.
    """
    return _requeue(claimed.job, part_of(claimed), reason)


def put_off(claimed: Claimed, reason: str) -> bool:
    """Enter a fault that may be gone later: the part is begun anew with pauses that grow."""
    mine = part_of(claimed)
    return _requeue(claimed.job, mine, reason, most=MOST_PUT_OFF, pauses=PUT_OFF, is_at_once=False)


def hand_back(claimed: Claimed, reason: str) -> bool:
    """Give back the part of a runner that ends by itself: it does not count as a loss."""
    return _requeue(claimed.job, part_of(claimed), reason, counts=False)


def reap(stopping_s: float) -> int:
    """Take back every part whose lease ran out, and end what does not get stopped; how many."""
    with asking():
        at = now()
        _forget_waits(at)
        expired = Part.objects.filter(is_silent(at), status=Status.IN_PROGRESS)
        lost = list(expired.values_list("job_id", "pk", "attempt"))
        since = at - timedelta(seconds=stopping_s)
        stopping = Job.objects.filter(status=Status.STOPPING, stopping_at__lt=since)
        late = list(stopping.values_list("pk", flat=True))
    count = 0
    for job_id, pk, attempt in lost:
        # renewed meanwhile, it does not match any more
        still = Part.objects.filter(is_silent(at), pk=pk, attempt=attempt)
        count += _requeue(job_id, still, SILENT, is_heard=False)
    for job_id in late:
        count += _too_late(job_id, stopping_s)
    return count


def take_from_dead(job_id: Any, heartbeat_s: float) -> int:
    """Take back the parts of a job whose runner was a process of this machine and is none now.

    Its lease may last a minute yet.  Where machines share a name (containers do) a number alone
    proves nothing: a sign of life must be missing as well.
    """
    with asking():
        beaten = now() - timedelta(seconds=missed_after_s(heartbeat_s))
        ours = Part.objects.filter(job=job_id, status=Status.IN_PROGRESS, beat_at__lt=beaten)
        held = list(
            ours.filter(runner__host=own_host()).values_list("pk", "attempt", "runner__pid")
        )
    dead = [(pk, attempt) for pk, attempt, pid in held if not _is_running(pid)]
    return sum(
        _requeue(job_id, Part.objects.filter(pk=pk, attempt=attempt), DEAD, is_heard=False)
        for pk, attempt in dead
    )


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody else's
        return True
    return True


def _forget_waits(at: datetime) -> None:
    """What a clock that stood ahead put off is not waited for until then."""
    ahead = Q(ended_at__gt=latest_counted(at)) | Q(waiting_since__gt=latest_counted(at))
    waits = Part.objects.filter(ahead, status=Status.QUEUED, not_before__gt=at)
    jobs = list(waits.values_list("job_id", flat=True).distinct())
    if jobs:
        waits.update(not_before=None, waiting_since=None)
        Job.objects.filter(pk__in=jobs, not_before__gt=at).update(not_before=None)


def due_in_s(kinds: Collection[str], most_s: float, looked_s: float = 0.0) -> float:
    """How long until a part that was put off is begun anew; `most_s` when none is sooner.

    Whoever asks looked for one `looked_s` ago: of one that has come due since then it is 0.
    """
    with asking():
        at = now()
        waits = Part.objects.filter(
            status=Status.QUEUED,
            job__kind__in=list(kinds),
            not_before__gt=at - timedelta(seconds=looked_s),
        ).exclude(job__status__in=FINAL)
        first = waits.order_by("not_before").values_list("not_before", flat=True).first()
    return most_s if first is None else min(most_s, max(0.0, (first - at).total_seconds()))


@made_whole()
def _requeue(
    job_id: Any,
    which: Any,
    reason: str,
    *,
    counts: bool = True,
    most: int = MOST_LOST,
    pauses: Backoff = LOST,
    is_at_once: bool = True,
    is_heard: bool = True,
) -> bool:
    """`is_at_once`: after the first time there is no pause.  `is_heard`: its runner says so itself.

    Of one that fell silent the last sign of life counts: what came behind that was no
    work, and nobody knows when within the lease it ended.
    """
    job, at = locked(job_id), now()
    part = which.filter(status=Status.IN_PROGRESS).first()
    if part is None:
        return False
    until = at if is_heard else _last_sign(part, at)
    lost = part.lost + counts
    stopping = job.status == Status.STOPPING
    becomes = after_loss(lost, stopping=stopping, stage=Stage(part.stage), most=most)
    pause_s = pauses.pause_s(lost - is_at_once)
    taken = which.filter(status=Status.IN_PROGRESS).update(
        status=becomes.value,
        attempt=F("attempt") + 1,
        lost=lost,
        leased_until=None,
        not_before=at + timedelta(seconds=pause_s),
        waiting_since=None,
        ended_at=until,
        reason=kept_text(reason),
    )
    if taken == 1:
        add_event(
            job.pk,
            at,
            "WARNING",
            f"{part.name}: {reason}; now {becomes} (lost {counted_times(lost)})",
        )
        ended = advance(job, at)
        count_part(job, part, until, ended=ended)
    return bool(taken)


def _last_sign(part: Part, at: datetime) -> datetime:
    """When its runner was last heard of; never later than now, whatever a clock said then."""
    return min(part.beat_at or at, at)


@made_whole()
def _too_late(job_id: Any, stopping_s: float) -> bool:
    job, at = locked(job_id), now()
    if job.status != Status.STOPPING:
        return False
    carried = list(job.parts.filter(status=Status.IN_PROGRESS))
    reason = f"it was not stopped within {stopping_s:g} s; what it wrote may still be there"
    failed = {"status": Status.FAILED, "attempt": F("attempt") + 1, "reason": reason}
    for part in carried:
        until = _last_sign(part, at)
        job.parts.filter(pk=part.pk).update(**failed, leased_until=None, ended_at=until)
    job.parts.filter(status=Status.QUEUED).update(**failed)
    end(job, Status.FAILED, at, reason)
    for part in carried:  # behind all other locks
        count_part(job, part, _last_sign(part, at))
    count_end(job, Status.FAILED, at)
    return True
