"""How the parts of a job stand, each question in one statement; it changes nothing.

Plain SQL, for these are asked at each part, and to put them together takes longer than the answer.
The job is locked by whoever asks.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from mtdata.jobs.records.models import Job, Part
from mtdata.jobs.records.statements import selected
from mtdata.jobs.states import JobStanding, Stage, Status

ALL, UNFINISHED = "all", "unfinished"
"""What a part that takes back reaches: everything of the job, or what is not finished."""
_NAMES = {one.name.lower(): one.value for one in (*Status, *Stage)}


def _any(condition: str) -> str:
    return f"EXISTS(SELECT 1 FROM {_PARTS} AND {condition})"  # noqa: S608 - our own words


_PARTS = f"{Part._meta.db_table} WHERE job_id = %(job)s"
_TOUCHED = "stage IN (%(work)s, %(close)s) AND begun"
_FAILED = _any("status = %(failed)s AND stage <> %(undo)s")
_RUNNING = f"SELECT COUNT(*) FROM {_PARTS} AND status = %(in_progress)s"  # noqa: S608
_LEFT = _any("stage IN (%(plan)s, %(work)s) AND status <> %(success)s")
_STAGES = f"SELECT ({_RUNNING}), {_FAILED}, {_LEFT}"
_STANDING = ", ".join(
    (
        "SELECT " + _any("status = %(queued)s AND stage <> %(undo)s"),
        _any("status = %(in_progress)s"),
        _FAILED,
        f"(SELECT status FROM {_PARTS} AND stage = %(undo)s AND name = %(scope)s"  # noqa: S608
        " ORDER BY id LIMIT 1)",
        _any(f"{_TOUCHED} AND (%(scope)s = '{ALL}' OR status <> %(success)s)"),
        _any("status = %(queued)s AND waiting_since IS NOT NULL"),
    )
)


def _ask(words: str, job: Job, **more: str) -> Any:
    [found] = selected(words, **_NAMES, job=UUID(str(job.pk)), **more)
    return found


def stages_to_begin(job: Job) -> tuple[Stage, ...]:
    """Stages of which a part may be begun now; none where `max_runners` of its parts run already.

    Nothing more is worked on once a part has failed.
    """
    if job.status == Status.STOPPING:
        return (Stage.UNDO,)
    running, has_failed, has_left = _ask(_STAGES, job)
    if running >= job.max_runners:
        return ()
    if has_failed:
        return (Stage.UNDO,)
    return (Stage.PLAN, Stage.WORK) if has_left else (Stage.CLOSE,)


def undo_scope_of(job: Job) -> str:
    """What a part would reach that takes back now."""
    return ALL if job.status == Status.STOPPING else UNFINISHED


def standing_of(job: Job) -> JobStanding:
    """What the next step of a job is decided from; `waits` tells only that some part may wait."""
    found = _ask(_STANDING, job, scope=undo_scope_of(job))
    queued, running, failed, undo, touched, waits = found
    return JobStanding(
        Status(job.status),
        queued=bool(queued),
        running=bool(running),
        failed=bool(failed),
        undo=Status(undo) if undo else None,
        touched=bool(touched),
        can_undo=job.can_undo,
        waits=bool(waits),
    )
