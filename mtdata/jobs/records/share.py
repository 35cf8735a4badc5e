"""Whose turn it is: jobs that could be carried now, in an order by which nobody waits for a crowd.

First comes the account of which least is carried, then the owner, then who had no turn for longest;
among the jobs of one owner at one account the oldest.  It only looks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, IntegerField, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from mtdata.jobs.records.asking import asking, unindexed
from mtdata.jobs.records.models import Job, Part
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


def in_turn(
    kinds: Collection[str], at: datetime, job_id: str | None = None, most: int = MOST
) -> list[Any]:
    """The ids of `most` jobs in the order in which they should be tried.

    Of those that wait for one key it is one, and of all that wait the oldest MOST are looked at.
    """
    if job_id is not None:
        found = _startable(kinds, at, UNDER_WAY)
        return list(found.filter(pk=job_id).values_list("pk", flat=True))
    # of one state they come in the order of its index: of a hundred thousand that wait no more are
    # looked at than are wanted; the others are few
    waiting = _of_states(kinds, at, [Status.QUEUED]).exclude(key__in=_held_keys())
    jobs = [*_oldest(waiting), *_oldest(_startable(kinds, at, CARRIED))]
    if len(jobs) > 1:
        jobs = _shared(jobs, at)
    return _with_due_part([one.pk for one in _one_of_each_key(jobs)], at, most)


def _oldest(jobs: Any) -> list[Candidate]:
    rows = jobs.order_by("created_at").values_list(*Candidate._fields)
    return [Candidate(*row) for row in rows[:MOST]]


def _with_due_part(jobs: list[Any], at: datetime, most: int) -> list[Any]:
    """The first of these jobs that have a part which is due, `most` of them."""
    found: list[Any] = []
    for first in range(0, len(jobs), most):
        some = jobs[first : first + most]
        parts = Part.objects.filter(_waits_no_more(at), job__in=some, status=Status.QUEUED)
        due = set(parts.values_list("job_id", flat=True))
        found += [job for job in some if job in due]
        if len(found) >= most:
            break
    return found[:most]


def _waits_no_more(at: datetime) -> Q:
    return Q(not_before=None) | Q(not_before__lte=at)


def _held_keys() -> Any:
    return Job.objects.filter(held_key__gt="").values("held_key")  # an index leads past NULL


def _of_states(kinds: Collection[str], at: datetime, states: Sequence[Status]) -> Any:
    jobs = Job.objects.alias(one_of=unindexed("kind"))
    return jobs.filter(_waits_no_more(at), status__in=states, one_of__in=list(kinds))


def _startable(kinds: Collection[str], at: datetime, states: Sequence[Status]) -> Any:
    """Jobs with a part that is due, a hand free for it, and a key that no other job holds."""
    due = Part.objects.filter(_waits_no_more(at), job=OuterRef("pk"), status=Status.QUEUED)
    running = Part.objects.filter(job=OuterRef("pk"), status=Status.IN_PROGRESS).order_by()
    counted = running.values("job").annotate(count=Count("pk")).values("count")
    jobs = _of_states(kinds, at, states)
    jobs = jobs.annotate(carried=Coalesce(Subquery(counted, output_field=IntegerField()), 0))
    busy = Q(status=Status.IN_PROGRESS)
    only_closes = ~Exists(due.exclude(stage=Stage.CLOSE))
    return (
        jobs.filter(Exists(due))
        .exclude(status=Status.QUEUED, key__in=_held_keys())
        .exclude(busy & Q(carried__gte=F("max_runners")))
        .exclude(busy & Q(carried__gt=0) & only_closes)
    )


def _shared(jobs: list[Candidate], at: datetime) -> list[Candidate]:
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
    lately = Job.objects.filter(started_at__gt=at - LATELY).order_by("-started_at")
    jobs = lately.values_list("owner", "key", "started_at")[:LAST]
    rows = [(owner, key, 0, last) for owner, key, last in jobs]
    rows += _loads_of_parts(Q(job__status__in=CARRIED))
    rows += _loads_of_parts(Q(job__in=waiting)) if waiting else []
    of_owner: dict[tuple[str, str], Load] = defaultdict(lambda: IDLE)
    of_account: dict[str, Load] = defaultdict(lambda: IDLE)
    for owner, key, count, last in rows:
        account, load = key or f" {owner}", Load(count, last.timestamp())
        of_owner[account, owner] = load.plus(of_owner[account, owner])
        of_account[account] = load.plus(of_account[account])
    return of_owner, of_account


def _loads_of_parts(whose: Q) -> list[tuple[str, str, int, datetime]]:
    """Of such jobs, by owner and key: parts that are carried now, and when the last was begun.

    Never of all that are under way: where a hundred thousand wait, all their parts would be read.
    """
    parts = Part.objects.filter(whose).exclude(started_at=None).order_by()
    found = parts.values_list(unindexed("job__owner"), unindexed("job__key"))
    runs = Count("pk", filter=Q(status=Status.IN_PROGRESS))
    return list(found.annotate(count=runs, last=Max("started_at")))


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
