"""The fence: what a part writes stays only while its attempt is the part's; it claims nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from mtdata.core.errors import Fenced, RecordsError, Stopped
from mtdata.jobs.records.asking import asking, made_whole
from mtdata.jobs.records.models import Job, Part
from mtdata.jobs.records.transitions import locked
from mtdata.jobs.states import Stage, Status

_JOB_ID = Job._meta.get_field("id")
_KEEP = (
    f"UPDATE {Part._meta.db_table} SET checkpoint = %s "  # noqa: S608 - our own names
    "WHERE id = %s AND attempt = %s AND status = %s AND "
)
_IS_STOPPING = f"SELECT 1 FROM {Job._meta.db_table} WHERE id = %s AND status = %s"  # noqa: S608
_AND_GOES_ON = f" AND NOT EXISTS ({_IS_STOPPING})"
_READS_WITHOUT_LOCK = ("sqlite", "postgresql")
"""Others would lock the job's row for a read within an update, and imports would wait for it."""
_AS_BEFORE = {
    "sqlite": "checkpoint IS %s",
    "postgresql": "checkpoint IS NOT DISTINCT FROM CAST(%s AS jsonb)",
    "mysql": "checkpoint <=> CAST(%s AS JSON)",
    "mariadb": "checkpoint <=> %s",  # to which JSON is a text
}


class Claimed(NamedTuple):
    """A part that is ours until its lease ends; `again` when an earlier attempt left it.

    `calls` are those of earlier attempts.
    """

    job: str
    kind: str
    parameters: dict[str, Any]
    part: int
    stage: str
    name: str
    attempt: int
    again: bool = False
    checkpoint: Any = None
    undo_scope: list[str] | None = None  # for a part that takes back: of which parts; None: of all
    calls: int = 0


def part_of(claimed: Claimed, **more: Any) -> Any:
    """The part, as long as its attempt is the one that was claimed."""
    return Part.objects.filter(pk=claimed.part, attempt=claimed.attempt, **more)


@contextmanager
def fenced(claimed: Claimed) -> Iterator[Part]:
    """One commit of a part: what is written in here stays only while the attempt is the part's own.

    The job is locked meanwhile, so nobody can take the part away before it is done.
    """
    with asking(), transaction.atomic():
        locked(claimed.job)
        part = part_of(claimed, status=Status.IN_PROGRESS).first()
        if part is None:
            raise given_away(claimed)
        yield part


@made_whole()
def commit(claimed: Claimed, move: Callable[[], Any], before: Any) -> Any:
    """Make a move of a part in one commit, and keep what it returns as its checkpoint.

    The part's row is locked and not its job's: parts of other jobs are in nobody's way.  Fenced
    when it is ours no more, Stopped when its job is to be stopped, RecordsError where `before` is
    not the checkpoint: the last commit went well and only the word of it was lost, or the database
    came back without it.
    """
    checkpoint = move()
    is_kept = _keeps(claimed, _as_json(checkpoint), _as_json(before))
    is_asked = is_kept and connection.vendor in _READS_WITHOUT_LOCK
    if claimed.stage != Stage.UNDO and not is_asked and _must_stop(claimed):
        raise Stopped("the job is stopped; what this step wrote is taken back")
    if not is_kept:
        if part_of(claimed, status=Status.IN_PROGRESS).exists():
            raise RecordsError("the records have another checkpoint; it goes on at that")
        raise given_away(claimed)
    return checkpoint


def _as_json(checkpoint: Any) -> str | None:
    return None if checkpoint is None else json.dumps(checkpoint)


# plain SQL, for these are asked at each few rows


def _keeps(claimed: Claimed, kept: str | None, before: str | None) -> bool:
    sort = "mariadb" if getattr(connection, "mysql_is_mariadb", False) else connection.vendor
    words = _KEEP + _AS_BEFORE[sort]
    given = [kept, claimed.part, claimed.attempt, Status.IN_PROGRESS.value, before]
    if sort in _READS_WITHOUT_LOCK and claimed.stage != Stage.UNDO:
        words, given = words + _AND_GOES_ON, given + _stopping(claimed)
    with connection.cursor() as cursor:
        cursor.execute(words, given)
        return bool(cursor.rowcount == 1)


def _must_stop(claimed: Claimed) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_IS_STOPPING, _stopping(claimed))
        return cursor.fetchone() is not None


def _stopping(claimed: Claimed) -> list[Any]:
    """What tells whether its job is to be stopped."""
    return [_JOB_ID.get_db_prep_value(UUID(claimed.job), connection), Status.STOPPING.value]


def is_stopping(job_id: Any) -> bool:
    """Whether a job is to be stopped."""
    return Job.objects.filter(pk=job_id, status=Status.STOPPING).exists()


def given_away(claimed: Claimed) -> Fenced:
    """The error that tells that the part is this attempt's no more."""
    return Fenced(f"{claimed.name}: it was given to another; nothing more is written")
