"""What a runner asks of the records: claim a part, keep it, finish it, or lose it; never a world.

Claims are compare-and-set: of many that want a part, one changes the row.  What an earlier attempt
still tries to write meets `fenced`, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F
from django.db.models.functions import Greatest

from mtdata.core.words import counted
from mtdata.jobs.records.asking import asking, made_whole, now, whole
from mtdata.jobs.records.fence import Claimed, given_away, part_of
from mtdata.jobs.records.models import Artifact, Job, Part
from mtdata.jobs.records.share import in_turn
from mtdata.jobs.records.signs import MadeFile, PartProgress, Verdict
from mtdata.jobs.records.standing import ALL, stages_to_begin
from mtdata.jobs.records.statements import changed, quoted, stored_form
from mtdata.jobs.records.tallies import count_part
from mtdata.jobs.records.transitions import (
    STEP,
    JobHeld,
    add_event,
    advance,
    forget_undone,
    is_final,
    kept_text,
    locked,
    locked_at_once,
    set_status,
    touched_parts,
)
from mtdata.jobs.states import CLOSING, LEAVING, Stage, Status

CANDIDATES = 50
_Taken = tuple[Claimed | None, datetime]
_PARTS = Part._meta.db_table
_NAMES = {"in_progress": Status.IN_PROGRESS, "success": Status.SUCCESS}
_IS = "WHERE id = %(part)s AND attempt = %(attempt)s AND status = %(status)s"
_NEXT = (
    f"SELECT id, stage, name, attempt, begun, checkpoint, calls FROM {_PARTS} "  # noqa: S608
    "WHERE job_id = %s AND status = %s AND (not_before IS NULL OR not_before <= %s) "
    "AND stage IN ({stages}) ORDER BY number LIMIT 1"
)
_BEGIN = (
    f"UPDATE {_PARTS} SET status = %(in_progress)s, attempt = attempt + 1, "  # noqa: S608
    "runner_id = %(runner)s, leased_until = %(until)s, beat_at = %(at)s, started_at = %(at)s, "
    f"begun = %(begun)s, reason = '' {_IS}"
)
_ATTEMPTED = f"SELECT id, status, stage, started_at FROM {_PARTS} WHERE id = %s AND attempt = %s"  # noqa: S608
_END = (
    f"UPDATE {_PARTS} SET status = %(success)s, {{rows}} = %(rows)s, ended_at = %(at)s, "  # noqa: S608
    f"leased_until = NULL, step = '' {_IS}"
)


def claim(
    runner: UUID, lease_s: float, kinds: Collection[str], job_id: str | None = None
) -> Claimed | None:
    """Take the next part that may be carried now, of that job or of any of these kinds.

    Whose job comes next is a matter of shares (`share`).  None where there is none.
    """
    with asking():
        candidates = in_turn(kinds, now(), job_id, CANDIDATES)
    # first past those that others hold this very moment: of fifty runners all would wait for one
    for waits in (False, True):
        held = []
        for candidate in candidates:
            try:
                found = _claim(candidate, runner, lease_s, waits=waits)
            except IntegrityError:  # another job has that key, this very moment
                continue
            except JobHeld:
                held.append(candidate)
                continue
            if found is not None:
                return found
        candidates = held
    return None


def claim_next(claimed: Claimed, runner: UUID, lease_s: float) -> Claimed | None:
    """Take a further part of the job of which a part was carried just now; None: there is none.

    RecordsError where the records cannot be asked.
    """
    return _claim(claimed.job, runner, lease_s, waits=True)


def waiting_parts(job_id: str) -> int:
    """How many parts of a job's work nobody has begun yet."""
    with asking():
        return Part.objects.filter(job_id=job_id, stage=Stage.WORK, status=Status.QUEUED).count()


def plan(
    claimed: Claimed, planned: Sequence[str], runner: UUID, lease_s: float, *, closes: bool
) -> Claimed | None:
    """Commit the plan of a job, and take the first part of it in the same commit.

    The rest is that of `finish` and `claim_next`.
    """

    def move() -> _Taken:
        job, at = locked(claimed.job), now()
        _finish(job, claimed, PartProgress(), (), planned, at, closes=closes)
        return _take(job, runner, lease_s, at), at

    return _taken_part(move, runner)


def _claim(job_id: Any, runner: UUID, lease_s: float, *, waits: bool) -> Claimed | None:
    def move() -> _Taken:
        job, at = locked(job_id) if waits else locked_at_once(job_id), now()
        return _take(job, runner, lease_s, at), at

    return _taken_part(move, runner)


def _taken_part(move: Callable[[], _Taken], runner: UUID) -> Claimed | None:
    """What it takes; where the word of its commit was lost that part, and not a second one."""

    def stands(made: _Taken) -> bool:
        claimed, at = made  # another slot of this runner has no part since that moment
        return bool(claimed and part_of(claimed, runner_id=runner, started_at=at).exists())

    return whole(move, stands=stands)[0]


def _take(job: Job, runner: UUID, lease_s: float, at: datetime) -> Claimed | None:
    part = _next_part(job, at)
    if part is None:
        return None
    if job.status == Status.QUEUED and not _dequeue(job, at):
        return None
    begun = part.begun or part.stage in LEAVING
    lease = {"runner": runner, "until": at + timedelta(seconds=lease_s), "at": at, "begun": begun}
    if not changed(_BEGIN, **_key_of(part.pk, part.attempt, Status.QUEUED), **_NAMES, **lease):
        return None
    return Claimed(
        str(job.pk),
        job.kind,
        job.parameters,
        part.pk,
        part.stage,
        part.name,
        part.attempt + 1,
        again=part.begun,
        checkpoint=part.checkpoint,
        undo_scope=_undo_scope(job, part),
        calls=part.calls,
    )


def _next_part(job: Job, at: datetime) -> Part | None:
    """The first that is due; all that a claim needs of it is read, and no more."""
    stages = stages_to_begin(job)
    if not stages:
        return None
    given = [job.pk, Status.QUEUED, at, *stages]
    words = _NEXT.format(stages=", ".join("%s" for _ in stages))
    return next(iter(Part.objects.raw(words, [stored_form(one) for one in given])), None)


def _key_of(part: int, attempt: int, status: Status) -> dict[str, Any]:
    """What `_IS` asks for: a part, while its attempt and its state are these."""
    return {"part": part, "attempt": attempt, "status": status}


def _dequeue(job: Job, at: datetime) -> bool:
    """Whether the job could be taken out of the queue: not while another has its key."""
    if job.key and Job.objects.filter(held_key=job.key).exists():
        return False
    since = job.started_at or at
    set_status(job, Status.IN_PROGRESS, started_at=since, held_key=job.key or None, reason="")
    return True


def _undo_scope(job: Job, part: Part) -> list[str] | None:
    if part.stage != Stage.UNDO or part.name == ALL:
        return None
    return list(touched_parts(job, part.name).values_list("name", flat=True))


def renew(claimed: Claimed, runner: UUID, lease_s: float, signs: PartProgress) -> Verdict:
    """Say that it goes on; what the records say to that."""
    with asking():
        at = now()
        ours = part_of(claimed, status=Status.IN_PROGRESS, runner_id=runner).update(
            leased_until=at + timedelta(seconds=lease_s),
            beat_at=at,
            rows=signs.rows + signs.pending,
            expected=signs.expected,
            step=kept_text(signs.step, STEP),
            calls=Greatest("calls", claimed.calls + signs.calls),
        )
        if ours != 1:
            # done by this very attempt: its child has committed, and is about to say so
            done = part_of(claimed, status=Status.SUCCESS).exists()
            return Verdict.GOES_ON if done else Verdict.LOST
        status = Job.objects.filter(pk=claimed.job).values_list("status", flat=True).first()
        stops = status == Status.STOPPING and claimed.stage != Stage.UNDO
        return Verdict.STOP if stops else Verdict.GOES_ON


def count_calls(claimed: Claimed, calls: int) -> None:
    """Enter how many calls this attempt made, while the part is its own; RecordsError."""
    with asking():
        part_of(claimed).update(calls=claimed.calls + calls)


@made_whole()
def finish(
    claimed: Claimed,
    signs: PartProgress,
    made: Sequence[MadeFile] = (),
    planned: Sequence[str] = (),
    *,
    closes: bool = False,
) -> bool:
    """Commit that the part is done, with what it made.  Fenced when it is ours no more.

    What was planned is carried next; `closes` tells that a part is to put it together in the end.
    True where the job has come to its end by that.
    """
    job = locked(claimed.job)
    return _finish(job, claimed, signs, made, planned, now(), closes=closes)


def _finish(
    job: Job,
    claimed: Claimed,
    signs: PartProgress,
    made: Sequence[MadeFile],
    planned: Sequence[str],
    at: datetime,
    *,
    closes: bool,
) -> bool:
    part = next(iter(Part.objects.raw(_ATTEMPTED, [claimed.part, claimed.attempt])), None)
    if part is not None and part.status == Status.SUCCESS:
        return is_final(job)  # the commit went well, and only the word of it was lost
    ours = _key_of(claimed.part, claimed.attempt, Status.IN_PROGRESS)
    words = _END.format(rows=quoted("rows"))
    if not changed(words, **ours, **_NAMES, rows=signs.rows, at=at):
        raise given_away(claimed)
    Artifact.objects.bulk_create(
        Artifact(job=job, part_id=claimed.part, made_at=at, **one._asdict()) for one in made
    )
    if claimed.stage == Stage.PLAN:
        _plan(job, planned, closes=closes)
        add_event(job.pk, at, "INFO", counted(len(planned), "part"))
    if claimed.stage == Stage.UNDO:
        forget_undone(job, claimed.name)
    count_part(job, part, at, signs.rows, ended=advance(job, at))
    return is_final(job)


def _plan(job: Job, names: Sequence[str], *, closes: bool) -> None:
    parts = [(Stage.WORK, name) for name in names] + [(Stage.CLOSE, CLOSING)] * closes
    Part.objects.bulk_create(
        Part(job=job, number=number, stage=stage, name=name)
        for number, (stage, name) in enumerate(parts, 1)
    )


def fail(claimed: Claimed, reason: str) -> bool:
    """Enter that the part has Failed for good; False when it is ours no more."""
    return _leave(claimed, Status.FAILED, reason)


def mark_stopped(claimed: Claimed) -> bool:
    """Enter that its child has ended because the job is stopped."""
    return _leave(claimed, Status.STOPPED, "stopped")


@made_whole()
def _leave(claimed: Claimed, status: Status, reason: str) -> bool:
    job = locked(claimed.job)
    at, part = now(), part_of(claimed).first()
    mine = part_of(claimed, status=Status.IN_PROGRESS).update(
        status=status,
        attempt=F("attempt") + 1,
        leased_until=None,
        ended_at=at,
        reason=kept_text(reason),
    )
    if mine == 1:
        level = "ERROR" if status is Status.FAILED else "INFO"
        add_event(job.pk, at, level, f"{claimed.name}: {reason}")
        count_part(job, part, at, ended=advance(job, at))
    return mine == 1
