"""Parts that go on at a time which is known: back in the queue, holding nothing until then.

That is no fault, and does not count as one.  A part that only ever waits has Failed in the end.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import DateTimeField, F, Q, Value
from django.db.models.functions import Coalesce

from mtdata.jobs.records.asking import made_whole, now
from mtdata.jobs.records.fence import Claimed, part_of
from mtdata.jobs.records.models import Job
from mtdata.jobs.records.signs import PartProgress
from mtdata.jobs.records.tallies import count_part
from mtdata.jobs.records.transitions import add_event, advance, kept_text, locked, next_parts
from mtdata.jobs.states import Stage, Status, after_wait

LEAST_S = 1.0
"""So long at least, whatever the clocks of two machines make of it: nobody runs in a circle."""


class Wait(NamedTuple):
    """For how many seconds a part waits, and why.

    `untouched`: this try has done nothing at all, and other parts of the job need not wait.
    `most_s` bounds how long a part waits again and again without getting on.
    """

    for_s: float
    reason: str
    untouched: bool = False
    most_s: float = math.inf


@made_whole()
def rest(claimed: Claimed, wait: Wait, signs: PartProgress) -> bool:
    """Enter that the part waits; its job as well when nothing else of it can be done meanwhile.

    False when it is ours no more.
    """
    job, at = locked(claimed.job), now()
    mine = part_of(claimed, status=Status.IN_PROGRESS)
    part = mine.first()
    if part is None:
        return False
    got_on = bool(signs.rows or signs.step)
    since = at if got_on or part.waiting_since is None else part.waiting_since
    waited_s = (at - since).total_seconds()
    stopping = job.status == Status.STOPPING
    stage = Stage(part.stage)
    becomes = after_wait(waited_s, stopping=stopping, stage=stage, most_s=wait.most_s)
    until = at + timedelta(seconds=max(LEAST_S, wait.for_s))
    reason = f"waits until {until:%Y-%m-%d %H:%M:%S} UTC: {wait.reason}"
    if becomes is Status.QUEUED and not wait.untouched:
        _wait_too(job, at, until, kept_text(reason))
    if becomes is Status.FAILED:
        reason = f"it waited for {waited_s / 3600:.0f} h and got no further: {wait.reason}"
        add_event(job.pk, at, "ERROR", f"{part.name}: {reason}")
    mine.update(
        status=becomes.value,
        attempt=F("attempt") + 1,
        begun=claimed.again if wait.untouched else part.begun,
        leased_until=None,
        not_before=until,
        waiting_since=since,
        ended_at=at,
        step="",
        reason=kept_text(reason),
    )
    count_part(job, part, at, ended=advance(job, at))
    return True


def _wait_too(job: Job, at: datetime, until: datetime, reason: str) -> None:
    """Let the other due parts wait too: each would be asked for only to get one answer."""
    due = Q(not_before=None) | Q(not_before__lte=at)
    sooner = Q(waiting_since__isnull=False, not_before__lt=until)
    since = Coalesce("waiting_since", Value(at, DateTimeField()))
    parts = next_parts(job).filter(due | sooner)
    parts.update(not_before=until, waiting_since=since, reason=reason)
