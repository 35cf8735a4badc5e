"""How much one owner may have in the queue at a time; it refuses in words, and enters nothing."""

from __future__ import annotations

from collections.abc import Sequence

from mtdata.config import Settings
from mtdata.core.errors import JobError
from mtdata.jobs.kind import Kinds, Parameters
from mtdata.jobs.records import share

LEAVE = "let some of them end, or stop some; nothing was queued"


def check_quota(
    settings: Settings, kinds: Kinds, owner: str, asked: Sequence[tuple[str, Parameters]]
) -> None:
    """JobError where the owner would have more jobs, or more hours of reports, than config says."""
    how = settings.programme
    there = share.unfinished(owner, how.queue_jobs + 1)
    if len(there) + len(asked) > how.queue_jobs:
        raise JobError(
            f"{len(asked)} more would be {len(there) + len(asked)} jobs of one owner that have not "
            f"ended, and {how.queue_jobs} are the most (QUEUE_JOBS); {LEAVE}"
        )
    more = _hours(kinds, asked)
    hours = _hours(kinds, there) + more
    if more and hours > how.queue_hours:
        raise JobError(
            f"that would be {hours:,.0f} hours of reports in jobs of one owner that have not "
            f"ended, and {how.queue_hours:,} are the most (QUEUE_HOURS); ask for "
            f"fewer days, or {LEAVE}"
        )


def _hours(kinds: Kinds, jobs: Sequence[tuple[str, Parameters]]) -> float:
    return sum(kinds[name].hours(parameters) for name, parameters in jobs if name in kinds)
