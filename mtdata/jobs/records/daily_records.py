"""What the records know of the reports that are queued once a day; it changes nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Min, Q

from mtdata.jobs.daily import DAY, OWNER, EndedReport, Known, day_of, name_of
from mtdata.jobs.records.asking import asking, unindexed
from mtdata.jobs.records.models import Job
from mtdata.jobs.states import FINAL, UNDER_WAY, Status

LOOKED_AT = 60
"""So many days' jobs are held against each other."""
ENDED = (Status.SUCCESS, Status.FAILED)
"""A job that somebody stopped tells neither that the report came nor that it cannot come."""


def daily_state(kind: str, account: str, day: date) -> Known:
    """How an account's daily reports of that kind stand when that day's is due."""
    own = name_of(kind, account, day)
    with asking():
        # ISO days at the end of names that are equal before it: their order is that of the days;
        # those of days to come were queued while a clock stood ahead, and prove nothing
        jobs = _jobs(kind, account).filter(name__lte=own)
        is_there = jobs.filter(name=own).exists()
        jobs = jobs.exclude(pk__in=_queued_ahead(jobs))
        newest = jobs.first()
        ended = jobs.filter(of_status__in=ENDED).first()
        before = jobs.filter(name__lt=own, of_status__in=UNDER_WAY).first()
        return Known(
            is_there,
            f"{before.name} is {before.status}" if before else "",
            _served(jobs),
            ended and EndedReport(ended.name, ended.status == Status.FAILED, ended.reason),
            newest is not None and newest.status not in FINAL,
        )


def _served(jobs: Any) -> date | None:
    """The newest day that came to Success; where none did, the one before the first was queued."""
    came = jobs.filter(of_status=Status.SUCCESS).first()
    if came:
        return day_of(came.name)
    first = jobs.last()
    return day_of(first.name) - DAY if first else None


def _queued_ahead(jobs: Any) -> list[Any]:
    """Jobs of the newest that were queued before one of an earlier day, by a clock that was ahead.

    They asked for days that had not been, and once their own day has come nothing else shows it.
    """
    found: list[Any] = []
    last_queued = 0  # of earlier days, by the numbers of what happened
    newest = list(jobs.annotate(first=Min("events__id")).values_list("pk", "first")[:LOOKED_AT])
    for pk, first in reversed(newest):
        if (first or last_queued) < last_queued:
            found.append(pk)
        last_queued = max(first or 0, last_queued)
    return found


def last(kind: str, account: str, day: date) -> dict[str, Any] | None:
    """The newest up to that day: name, status, reason, ended_at (an aware datetime or None)."""
    with asking():
        fields = ("name", "status", "reason", "ended_at")
        jobs = _jobs(kind, account).filter(name__lte=name_of(kind, account, day))
        return jobs.values(*fields).first()


def _jobs(kind: str, account: str) -> Any:
    """The newest day first.  A person could have the schedule's name; its jobs' names nobody."""
    begin = name_of(kind, account, date.min)[: -len("YYYY-MM-DD")]
    # jobs of programs before the column `account` have it in that parameter alone
    of_account = Q(account=account) | Q(account="", parameters__account=account)
    names = ("owner", "kind", "status")
    jobs = Job.objects.alias(**{f"of_{name}": unindexed(name) for name in names})
    jobs = jobs.filter(of_account, of_owner=OWNER, of_kind=kind)
    # by these an index leads there; the beginning alone SQLite and MariaDB look for in every name
    within = jobs.filter(name__gte=begin, name__lte=name_of(kind, account, date.max))
    return within.filter(name__startswith=begin).order_by("-name")
