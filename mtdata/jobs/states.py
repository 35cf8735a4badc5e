"""What a job may become and when; pure: the records ask here and then write.

A job is carried part by part.  Every part is of one stage: `plan` finds the parts of the work,
`work` is one of them, `close` puts together what they made, `undo` takes back what a stopped or
failed job has left.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """The states, with the words that people see; a part has all of them but Stopping."""

    QUEUED = "Queued"
    IN_PROGRESS = "In Progress"
    STOPPING = "Stopping"
    SUCCESS = "Success"
    FAILED = "Failed"
    STOPPED = "Stopped"


class Stage(StrEnum):
    """What a part of a job is for."""

    PLAN = "plan"
    WORK = "work"
    CLOSE = "close"
    UNDO = "undo"


LEAVING = (Stage.WORK, Stage.CLOSE)
"""Parts of these stages leave something, which a stop takes back."""
CLOSING = "close"
"""The name of the part that closes; no part of the work is called so."""
FINAL = frozenset({Status.SUCCESS, Status.FAILED, Status.STOPPED})
UNDER_WAY = tuple(one for one in Status if one not in FINAL)
"""Of jobs that have not ended; a database finds these by an index, and none by what is not so."""
FOLLOWS: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.IN_PROGRESS, Status.STOPPING}),
    Status.IN_PROGRESS: frozenset(
        {Status.QUEUED, Status.STOPPING, Status.SUCCESS, Status.FAILED}  # Queued: it waits
    ),
    Status.STOPPING: frozenset({Status.STOPPED, Status.FAILED}),
    Status.SUCCESS: frozenset({Status.STOPPING}),  # undo
    Status.FAILED: frozenset({Status.QUEUED, Status.STOPPING}),  # retry, undo
    Status.STOPPED: frozenset({Status.QUEUED}),  # retry
}
MOST_LOST = 3
"""At the loss of so many children or runners a part has Failed."""
MOST_PUT_OFF = 6
"""At so many faults that may be gone later (a busy pool, a site that is away) as well."""


def may_follow(before: Status, after: Status) -> bool:
    """Whether a job in the one state may come into the other."""
    return after in FOLLOWS[before]


class JobStanding(NamedTuple):
    """A job and whether it has such parts: what is decided from."""

    status: Status
    queued: bool = False  # plan or work
    running: bool = False  # of any stage
    failed: bool = False  # plan or work
    undo: Status | None = None  # how the part that takes back stands; None: there is none yet
    touched: bool = False  # whether there is anything that it would have to take back
    can_undo: bool = False
    waits: bool = False  # all that could be begun next waits for a time that is known


class NextStep(NamedTuple):
    """What is to be done now: wait, queue the part that takes back, or end in a state.

    `rests`: go back into the queue until the time has come, and hold nothing meanwhile.
    """

    undo: bool = False
    ends: Status | None = None
    rests: bool = False


WAIT = NextStep()


def next_step(standing: JobStanding) -> NextStep:
    """What follows from the standing of a job that is In Progress or Stopping.

    While any part runs nothing is decided: what it leaves is not known yet.
    """
    if standing.running or standing.status in FINAL or standing.status is Status.QUEUED:
        return WAIT
    if standing.status is Status.IN_PROGRESS and not standing.failed:
        if standing.queued:
            return NextStep(rests=True) if standing.waits else WAIT
        return NextStep(ends=Status.SUCCESS)
    end = Status.STOPPED if standing.status is Status.STOPPING else Status.FAILED
    if standing.undo is Status.FAILED:
        return NextStep(ends=Status.FAILED)
    if standing.undo is Status.QUEUED:
        return WAIT
    if standing.undo is None and standing.can_undo and standing.touched:
        return NextStep(undo=True)
    return NextStep(ends=end)


def after_loss(lost: int, *, stopping: bool, stage: Stage, most: int = MOST_LOST) -> Status:
    """What a part becomes that did not get to its end for the `lost`-th time.

    The first move of its next attempt is to take back what this one left.
    """
    if lost >= most:
        return Status.FAILED
    if stopping and stage is not Stage.UNDO:
        return Status.STOPPED
    return Status.QUEUED


def after_wait(waited_s: float, *, stopping: bool, stage: Stage, most_s: float) -> Status:
    """What a part becomes that is to go on later, when it has waited for so long already."""
    if stopping and stage is not Stage.UNDO:
        return Status.STOPPED
    return Status.FAILED if waited_s > most_s else Status.QUEUED


_UNDO_TOLD = ". What it made may still be there; mend that, then `mtdata jobs undo` takes it back."
_RETRY_TOLD = (
    ". Parts that are finished stay so; mend that, then `mtdata jobs retry` goes on from there."
)


def why_failed(reason: str) -> str:
    """What went wrong, of what `failed_told` made: without what to do at the command line."""
    return reason.removesuffix(_UNDO_TOLD).removesuffix(_RETRY_TOLD)


def failed_told(why: str, *, stopping: str, most: int) -> str:
    """Why a job has Failed, what of it is safe and what to do, in at most so many characters.

    `stopping` is why it was to be stopped, '' where it was not.
    """
    before, end = (f"{stopping}, but: ", _UNDO_TOLD) if stopping else ("", _RETRY_TOLD)
    return f"{before}{why[: most - len(before) - len(end)].rstrip('. ')}{end}"


def retry_refused(status: Status) -> str:
    """Why a job in that state is not tried again; '' when it may be."""
    if status in (Status.FAILED, Status.STOPPED):
        return ""
    return f"it is {status}; only a job that is Failed or Stopped is tried again"


def undo_refused(status: Status, *, can_undo: bool) -> str:
    """Why a job in that state cannot be taken back; '' when it can."""
    if not can_undo:
        return "jobs of this kind leave nothing that could be taken back"
    if status in (Status.SUCCESS, Status.FAILED):
        return ""
    if status is Status.STOPPED:
        return "it is Stopped: all of it was taken back already"
    return f"it is {status}; stop it, and what it did is taken back"


def report_name(start: date, end: date, taken: Collection[str] = (), what: str = "report") -> str:
    """`report_DDMMYYYY_DDMMYYYY`, with `_2` and on where that name is taken."""
    return free_name(f"{what}_{start:%d%m%Y}_{end:%d%m%Y}", taken)


def free_name(base: str, taken: Collection[str]) -> str:
    """The name, with the first number behind it that makes it one of its own."""
    number = 1
    while numbered(base, number) in taken:
        number += 1
    return numbered(base, number)


def numbered(base: str, number: int) -> str:
    """The name with that number behind it; the first has none."""
    return base if number == 1 else f"{base}_{number}"
