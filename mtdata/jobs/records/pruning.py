"""Jobs that ended long ago are forgotten, a piece at a time; what is still needed stays.

A job is needed while it has not ended or people were not told of its end, while an incident names
it, while its kind says so (`Kind.stays`), and while a schedule tells by it what has come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q

from mtdata.jobs.daily import OWNER, name_of
from mtdata.jobs.kind import Kinds
from mtdata.jobs.records.asking import asking, made_whole, now, unindexed
from mtdata.jobs.records.daily_records import LOOKED_AT
from mtdata.jobs.records.inside_django import delete_alone
from mtdata.jobs.records.models import (
    Artifact,
    Event,
    FormerJob,
    Job,
    JobEnd,
    Part,
    Runner,
)
from mtdata.jobs.records.old_rows import past_moment
from mtdata.jobs.states import FINAL, LEAVING, Stage, Status

PIECE, ROWS = 200, 10_000
"""Jobs that are looked at in one go; rows that are removed in one commit, unless a job has more."""
DAY_LENGTH = len("YYYY-MM-DD")


class ForgottenJob(NamedTuple):
    """A job that is forgotten, and where that stands which it made: nobody else tells any more."""

    id: str
    name: str
    kind: str
    status: str
    ended_at: datetime
    files: list[str]


class PrunedPiece(NamedTuple):
    """What became of the jobs of a piece; `next` is where the next one begins, None at the end."""

    forgotten: list[ForgottenJob]
    needed: int
    next: tuple[datetime, Any] | None


class Pruning:
    """One pass over the jobs that ended before a time, the oldest first."""

    def __init__(self, kinds: Kinds, keep_s: float, named: Collection[str] = ()) -> None:
        """`named` are jobs that an incident names, by their names.  RecordsError: not now.

        What ended is older than `keep_s` by the database's clock and by that of this machine: one
        that stands ahead makes nothing old.
        """
        self._kinds, self._named = kinds, frozenset(named)
        with asking():
            self.before = past_moment(keep_s)
        self._behind: tuple[datetime, Any] | None = None
        self._floors: dict[str, str] = {}

    def piece(self, *, dry_run: bool = False) -> PrunedPiece:
        """Look at the next PIECE jobs and forget those that nobody needs; `dry_run`: only tell."""
        with asking():
            jobs = self._next_jobs()
            needed = self._needed(jobs)
            gone = [job for job in jobs if job.pk not in needed]
            forgotten = _told_jobs(gone)
        if not dry_run:
            still_there = {pk for some in _commits(gone) for pk in _forget(some, self.before)}
            forgotten = [one for one in forgotten if one.id in still_there]
        last = jobs[-1] if len(jobs) == PIECE else None
        self._behind = None if last is None else (last.ended_at, last.pk)
        return PrunedPiece(forgotten, len(jobs) - len(forgotten), self._behind)

    def _next_jobs(self) -> list[Job]:
        old = Job.objects.alias(state=unindexed("status")).filter(ended_at__lt=self.before)
        if self._behind is not None:
            at, key = self._behind
            old = old.filter(Q(ended_at__gt=at) | Q(pk__gt=key), ended_at__gte=at)
        return list(old.filter(state__in=FINAL).order_by("ended_at", "pk")[:PIECE])

    def _needed(self, jobs: Collection[Job]) -> set[Any]:
        kinds = {job.pk: self._kinds.get(job.kind) for job in jobs}
        standing = [job for job in jobs if (one := kinds[job.pk]) and one.stays == "standing"]
        newest = [job.pk for job in jobs if (one := kinds[job.pk]) and one.stays == "newest"]
        found = {job.pk for job in jobs if kinds[job.pk] is None or job.name in self._named}
        found |= set(JobEnd.objects.filter(job__in=jobs).values_list("job_id", flat=True))
        found |= {job.pk for job in standing if job.status == Status.SUCCESS}
        left = Part.objects.filter(job__in=standing, stage__in=LEAVING, begun=True)
        found |= set(left.values_list("job_id", flat=True))
        found |= _newest_plans(newest)
        return found | {job.pk for job in jobs if job.owner == OWNER and self._schedule_needs(job)}

    def _schedule_needs(self, job: Job) -> bool:
        """Whether the schedule still reckons by that one."""
        if not job.name.startswith(name_of(job.kind, "", date.min)[:-DAY_LENGTH].rstrip("_")):
            return False  # a person may be called as the schedule is
        series = job.name[:-DAY_LENGTH]
        if series not in self._floors:
            self._floors[series] = _floor_of(series)
        return job.name >= self._floors[series]


def _floor_of(series: str) -> str:
    """The first name of a daily report that has to stay: "" for all of them.

    Those stay that are held against each other, and of the ones before them the newest Success.
    """
    names = Job.objects.alias(of_owner=unindexed("owner"), of_status=unindexed("status"))
    names = names.filter(name__gte=series, name__lte=f"{series}9999-12-31", of_owner=OWNER)
    names = names.order_by("-name").values_list("name", flat=True)
    held = list(names[LOOKED_AT - 1 : LOOKED_AT])
    if not held:
        return ""
    return names.filter(name__lte=held[0], of_status=Status.SUCCESS).first() or ""


def _newest_plans(jobs: Collection[Any]) -> set[Any]:
    """Those of these jobs whose plan keeps something, and none of their key after them has that."""
    plans = Part.objects.filter(stage=Stage.PLAN, checkpoint__isnull=False)
    later = plans.filter(
        job__key=OuterRef("job__key"),
        job__kind=OuterRef("job__kind"),
        job__created_at__gt=OuterRef("job__created_at"),
    )
    newest = plans.filter(~Exists(later), job__in=jobs)
    return set(newest.values_list("job_id", flat=True))


def _told_jobs(jobs: Collection[Job]) -> list[ForgottenJob]:
    places: dict[Any, list[str]] = {}
    made = Artifact.objects.filter(job__in=jobs).order_by("pk")
    for job, place in made.values_list("job_id", "place"):
        places.setdefault(job, []).append(place)
    return [
        ForgottenJob(
            str(job.pk), job.name, job.kind, job.status, job.ended_at, places.get(job.pk, [])
        )
        for job in jobs
        if job.ended_at is not None
    ]


def _commits(jobs: Collection[Job]) -> Iterable[list[Any]]:
    """Their keys, so many together as have ROWS rows, or one that has more."""
    counts: dict[Any, int] = {}
    for table in (Part, Event, Artifact):
        found = table.objects.filter(job__in=jobs).values_list("job_id").annotate(Count("pk"))
        for job, count in found.order_by():
            counts[job] = counts.get(job, 0) + count
    some: list[Any] = []
    rows = 0
    for job in jobs:
        rows += counts.get(job.pk, 0)
        if some and rows > ROWS:
            yield some
            some, rows = [], counts.get(job.pk, 0)
        some.append(job.pk)
    if some:
        yield some


@made_whole()
def _forget(jobs: list[Any], before: datetime) -> list[str]:
    """Remove those of these that are still as they were looked at; their ids.

    They are locked first: one that is tried again or undone this very moment stays.
    """
    old = Job.objects.filter(pk__in=jobs, status__in=FINAL, ended_at__lt=before).order_by("pk")
    known, at = list(old.select_for_update().values_list("pk", "kind", "account")), now()
    gone = [key for key, _, _ in known]
    FormerJob.objects.bulk_create(
        FormerJob(id=key, kind=kind, account=account, forgotten_at=at)
        for key, kind, account in known
    )
    for table in (Artifact, Event, JobEnd, Part):
        delete_alone(table.objects.filter(job__in=gone))
    delete_alone(Job.objects.filter(pk__in=gone))
    return [str(one) for one in gone]


def forget_runners(keep_s: float) -> Iterator[int]:
    """Forget runners of which nothing was heard for so long, and which no part names; how many.

    RecordsError.
    """
    with asking():
        before = past_moment(keep_s)
    count = PIECE
    while count == PIECE:
        count = _forget_runners(before)
        yield count


@made_whole()
def _forget_runners(before: datetime) -> int:
    silent = Q(ended_at__lt=before) | Q(ended_at=None, seen_at__lt=before)
    named = Part.objects.filter(runner=OuterRef("pk"))
    old = Runner.objects.filter(silent, ~Exists(named)).values_list("pk", flat=True)
    gone = list(old[:PIECE])
    delete_alone(Runner.objects.filter(pk__in=gone))
    return len(gone)
