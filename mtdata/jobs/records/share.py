"""Whose turn it is: jobs that could be carried now, in an order by which nobody waits for a crowd.

First comes the account of which least is carried, then the owner, then who had no turn for longest;
among the jobs of one owner at one account the oldest.  It only looks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q

from mtdata.jobs.records.asking import asking, moment_of, unindexed
from mtdata.jobs.records.models import Job, Part
from mtdata.jobs.records.statements import (
    id_of,
    list_places,
    listed,
    quoted,
    selected,
    unindexed_text,
)
from mtdata.jobs.states import UNDER_WAY, Stage, Status

MOST = 2000
CARRIED = (Status.IN_PROGRESS, Status.STOPPING)
LATELY, LAST = timedelta(days=1), 500
"""Whoever had no turn for so long, or in so many, comes as if there had been none."""


class Candidate(NamedTuple):
    """A job of which a part could be begun now."""

    pk: Any
    owner: str
    key: str
    status: str
    created_at: datetime
    started_at: datetime | None

    @property
    def account(self) -> str:
        """Whose share it is carried from: that of its key, or of its owner where it has none."""
        return self.key or f" {self.owner}"


class Load(NamedTuple):
    """How many parts are carried for somebody now, and since when the last was begun."""

    parts: int
    last: float

    def plus(self, other: Load) -> Load:
        """Both as one."""
        return Load(self.parts + other.parts, max(self.last, other.last))


IDLE = Load(0, 0.0)
_WAITING = (Status.QUEUED,)
_JOBS, _PARTS = Job._meta.db_table, Part._meta.db_table
_NAMES = {**{one.name: one for one in (*_WAITING, *CARRIED)}, "close": Stage.CLOSE}


def _due(table: str) -> str:
    return f"({table}.not_before IS NULL OR {table}.not_before <= %(at)s)"


_HELD = f"SELECT held_key FROM {_JOBS} WHERE held_key > ''"  # noqa: S608 - an index leads past NULL
_DUE_PARTS = (
    f"SELECT parts.job_id FROM {_PARTS} parts WHERE parts.status = %(QUEUED)s "  # noqa: S608
    f"AND {_due('parts')}"
)
_DUE_PART = f"{_DUE_PARTS} AND parts.job_id = jobs.id"
_RUNNING = (
    f"SELECT COUNT(*) FROM {_PARTS} parts WHERE parts.job_id = jobs.id "  # noqa: S608
    "AND parts.status = %(IN_PROGRESS)s"
)


def in_turn(
    kinds: Collection[str], at: datetime, job_id: str | None = None, most: int = MOST
) -> list[Any]:
    """The ids of `most` jobs in the order in which they should be tried.

    Of those that wait for one key it is one, and of all that wait the oldest MOST are looked at.
    """
    if job_id is not None:
        words = f"{_startable(kinds, UNDER_WAY)} AND jobs.id = %(job)s"
        return [one.pk for one in _candidates(words, kinds, UNDER_WAY, at, job=UUID(str(job_id)))]
    for of_each in (most, MOST):
        jobs = _one_of_each_key(_shared(_oldest(kinds, at, of_each), at))
        found = _with_due_part([one.pk for one in jobs], at, most)
        if len(found) in (len(jobs), most):
            break  # none of them is there in vain, or there are enough
    return found


def _oldest(kinds: Collection[str], at: datetime, of_each: int) -> list[Candidate]:
    """What waits, so many of each owner, and what is under way and has more to begin.

    Of one state they come in the order of its index: of a hundred thousand that wait no more are
    looked at than are wanted; the others are few.
    """
    oldest = " ORDER BY created_at LIMIT %(oldest)s"
    waiting = f"{_of_states(kinds, _WAITING)} AND NOT jobs.{quoted('key')} IN ({_HELD}){oldest}"
    words = (
        f"SELECT {_columns()} FROM (SELECT waiting.*, ROW_NUMBER() OVER "  # noqa: S608
        f"(PARTITION BY owner, {quoted('key')} ORDER BY created_at) AS turn "
        f"FROM ({waiting}) waiting) jobs "
        f"WHERE turn <= CASE WHEN {quoted('key')} = '' THEN %(of_each)s ELSE 1 END "
        f"UNION ALL SELECT {_columns()} FROM ({_startable(kinds, CARRIED)}{oldest}) jobs"
    )
    states = (*_WAITING, *CARRIED)
    return _candidates(words, kinds, states, at, of_each=of_each, oldest=MOST)


def _candidates(
    words: str, kinds: Collection[str], states: Sequence[Status], at: datetime, **more: Any
) -> list[Candidate]:
    given = {**_NAMES, **listed("kind", kinds), **{one.name: one for one in states}, **more}
    with_times = []
    for pk, owner, key, status, created, started in selected(words, at=at, **given):
        began = started and moment_of(started)
        with_times.append(Candidate(id_of(pk), owner, key, status, moment_of(created), began))
    return sorted(with_times, key=lambda one: one.created_at)


def _columns() -> str:
    return ", ".join(f"jobs.{quoted(name)}" for name in ("id", *Candidate._fields[1:]))


def _of_states(kinds: Collection[str], states: Sequence[Status]) -> str:
    among = ", ".join(f"%({one.name})s" for one in states)
    return (
        f"SELECT {_columns()} FROM {_JOBS} jobs WHERE jobs.status IN ({among}) "  # noqa: S608
        f"AND {unindexed_text('jobs.kind')} IN ({list_places('kind', kinds)}) AND {_due('jobs')}"
    )


def _startable(kinds: Collection[str], states: Sequence[Status]) -> str:
    """Jobs with a part that is due, a hand free for it, and a key that no other job holds."""
    key = quoted("key")
    return (
        f"{_of_states(kinds, states)} AND EXISTS ({_DUE_PART}) "
        f"AND NOT (jobs.status = %(QUEUED)s AND jobs.{key} IN ({_HELD})) "
        f"AND NOT (jobs.status = %(IN_PROGRESS)s AND ({_RUNNING}) >= jobs.hands) "
        f"AND NOT (jobs.status = %(IN_PROGRESS)s AND ({_RUNNING}) > 0 "
        f"AND NOT EXISTS ({_DUE_PART} AND parts.stage <> %(close)s))"
    )


def _with_due_part(jobs: list[Any], at: datetime, most: int) -> list[Any]:
    """The first of these jobs that have a part which is due, `most` of them."""
    found: list[Any] = []
    for first in range(0, len(jobs), most):
        some = jobs[first : first + most]
        words = f"{_DUE_PARTS} AND parts.job_id IN ({list_places('job', some)})"
        rows = selected(words, at=at, **_NAMES, **listed("job", some))
        due = {id_of(job) for (job,) in rows}
        found += [job for job in some if job in due]
        if len(found) >= most:
            break
    return found[:most]


def _shared(jobs: list[Candidate], at: datetime) -> list[Candidate]:
    if len(jobs) < 2:
        return jobs
    begun = [one.pk for one in jobs if one.started_at and one.status == Status.QUEUED]
    of_owner, of_account = _loads(begun, at)

    def turn_order(one: Candidate) -> tuple[Any, ...]:
        account, owner = of_account[one.account], of_owner[one.account, one.owner]
        return account.parts, account.last, owner.parts, owner.last, one.created_at

    return sorted(jobs, key=turn_order)


def _loads(
    waiting: Sequence[Any], at: datetime
) -> tuple[dict[tuple[str, str], Load], dict[str, Load]]:
    """What is carried for each owner at each account, and for each account.

    `waiting` are jobs in the queue that were begun before: when that was counts as a turn as well.
    """
    of_owner: dict[tuple[str, str], Load] = defaultdict(lambda: IDLE)
    of_account: dict[str, Load] = defaultdict(lambda: IDLE)
    given = {**_NAMES, **listed("job", waiting), "since": at - LATELY, "last": LAST}
    for owner, key, count, last in selected(_loads_asked(waiting), **given):
        account, load = key or f" {owner}", Load(count, moment_of(last).timestamp())
        of_owner[account, owner] = load.plus(of_owner[account, owner])
        of_account[account] = load.plus(of_account[account])
    return of_owner, of_account


def _loads_asked(waiting: Sequence[Any]) -> str:
    """By owner and key: whose jobs were begun lately, and whose parts are carried now.

    Never of the parts of all jobs: where a hundred thousand wait, all of theirs would be read.
    """
    key = quoted("key")
    lately = (
        f"SELECT owner, {key}, started_at FROM {_JOBS} WHERE started_at > %(since)s "  # noqa: S608
        "ORDER BY started_at DESC LIMIT %(last)s"
    )
    whose = ["jobs.status IN (%(IN_PROGRESS)s, %(STOPPING)s)"]
    whose += [f"jobs.id IN ({list_places('job', waiting)})"] if waiting else []
    by = f"{unindexed_text('jobs.owner')}, {unindexed_text('jobs.' + key)}"
    carried = (
        f"SELECT {by}, COUNT(CASE WHEN parts.status = %(IN_PROGRESS)s THEN 1 END), "  # noqa: S608
        f"MAX(parts.started_at) FROM {_PARTS} parts JOIN {_JOBS} jobs ON jobs.id = parts.job_id "
        "WHERE parts.started_at IS NOT NULL AND "
    )
    return " UNION ALL ".join(
        (
            f"SELECT owner, {key}, 0, MAX(started_at) FROM ({lately}) lately "  # noqa: S608
            f"GROUP BY owner, {key}",
            *(f"{carried}{one} GROUP BY {by}" for one in whose),
        )
    )


def _one_of_each_key(jobs: list[Candidate]) -> list[Candidate]:
    """A second job that waits for a key would be tried in vain."""
    seen, found = set[str](), []
    for one in jobs:
        waits = one.key and one.status == Status.QUEUED
        if not waits or one.key not in seen:
            found.append(one)
        if waits:
            seen.add(one.key)
    return found


def unfinished(owner: str, most: int) -> list[tuple[str, dict[str, Any]]]:
    """Kind and parameters of the jobs of an owner that have not ended, so many at most."""
    with asking():
        jobs = Job.objects.alias(whose=unindexed("owner")).filter(whose=owner)
        jobs = jobs.filter(status__in=UNDER_WAY)
        return list(jobs.values_list("kind", "parameters")[:most])


def to_stop(
    within: Q, *, status: str = "", kind: str = "", words: str = "", owner: str = ""
) -> Any:
    """The ids of such jobs that can be stopped: what waits comes first, before it could begin."""
    exact = {"status": status, "kind": kind, "owner": owner, "name__icontains": words}
    asked = {name: word.replace("\0", "\ufffd") for name, word in exact.items() if word}
    with asking():
        jobs = Job.objects.filter(within, status__in=(Status.QUEUED, Status.IN_PROGRESS), **asked)
        ids = jobs.order_by("-created_at").values_list("pk", flat=True)
        return [*ids.filter(status=Status.QUEUED), *ids.filter(status=Status.IN_PROGRESS)]
