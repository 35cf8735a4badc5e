"""What an order of some days will come to, told before it is given; it queues nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from mtdata.core.words import span
from mtdata.jobs.kind import Kind, Outlook
from mtdata.jobs.parameters import Reading
from mtdata.jobs.records.asking import asking, unindexed
from mtdata.jobs.records.models import Job
from mtdata.jobs.records.worked import PartTime, part_time
from mtdata.jobs.states import UNDER_WAY, Status
from mtdata.jobs.title import title_of
from mtdata.web.access.scope import Scope

LOOKED_AT = 1000
"""So many of a kind's newest jobs are held against an order."""


class Earlier(NamedTuple):
    """A job that took days of the order already, or is about to."""

    id: Any
    title: str
    status: str
    ended_at: datetime | None

    @property
    def has_files(self) -> bool:
        """Whether its files stand there."""
        return self.status == Status.SUCCESS


class Preview(NamedTuple):
    """Jobs by their titles, what they come to, and what somebody has to see before."""

    titles: Sequence[str] = ()
    files: int = 0
    places: Sequence[str] = ()
    calls: tuple[int, int] = (0, 0)
    time: str = ""
    time_by: str = ""  # how that is known
    ahead: int = 0  # jobs that these wait for
    earlier: Sequence[Earlier] = ()
    settled_at: datetime | None = None
    waits: bool = True

    @property
    def warning_mark(self) -> str:
        """What of it has to be seen before the order is given; '' for nothing."""
        told = [str(one.id) for one in self.earlier if one.has_files]
        told += [str(self.settled_at)] if self.settled_at else []
        return sha256(" ".join(sorted(told)).encode()).hexdigest()[:16] if told else ""


def preview_of(kind: Kind, scope: Scope, readings: Sequence[Reading]) -> Preview:
    """What these come to; only sound ones count."""
    asked = [one.parameters for one in readings if not one.faults]
    if not asked:
        return Preview()
    outlooks = [one for given in asked if (one := kind.outlook(scope.settings, given))]
    least, most = (sum(one.calls[end] for one in outlooks) for end in (0, 1))
    settling = [one.settled_at for one in outlooks if one.settled_at]
    with asking():
        keys = {key for given in asked if (key := kind.key(given))}
        ahead = (
            Job.objects.alias(of_key=unindexed("key"))
            .filter(scope.jobs, of_key__in=keys, status__in=UNDER_WAY)
            .count()
        )
    return Preview(
        [title_of(kind, kind.base(given), given).words for given in asked],
        sum(one.files for one in outlooks),
        sorted({one.place for one in outlooks}),
        (least, most),
        *_time(outlooks, _last_took(kind, scope, asked)),
        ahead,
        list(_earlier(kind, scope, asked)),
        max(settling, default=None),
        all(one.waits for one in outlooks),
    )


def _last_took(kind: Kind, scope: Scope, asked: Sequence[dict[str, Any]]) -> PartTime | None:
    """What is known of jobs like these; where they are of several accounts, nothing."""
    accounts = {str(given.get(kind.account, "")) for given in asked}
    return part_time(kind.name, accounts.pop(), scope.jobs) if len(accounts) == 1 else None


def _time(outlooks: Sequence[Outlook], known: PartTime | None) -> tuple[str, str]:
    """How long these take and how that is known: by the last jobs, or else by the rate alone.

    By the rate it is how long the calls take where nobody else asks, and answers come at once.
    """
    if not outlooks:
        return "", ""
    if known is not None:
        seconds = known.seconds * sum(one.parts for one in outlooks)
        last = "the last one" if known.jobs == 1 else f"the last {known.jobs}"
        return _words([seconds]), f"as {last} of this kind took"
    ends = [sum(one.calls[end] / one.per_s for one in outlooks) for end in (0, 1)]
    return f"{_words(ends)} or more", "as fast as the account may be asked"


def _words(lengths: Sequence[float]) -> str:
    words = [span(timedelta(seconds=max(60.0, length))) for length in lengths]
    return " to ".join(dict.fromkeys(words))


def _earlier(kind: Kind, scope: Scope, asked: Sequence[dict[str, Any]]) -> Iterator[Earlier]:
    """The newest first; what Failed or was stopped left nothing."""
    if not kind.ranges:
        return
    with asking():
        jobs = Job.objects.filter(scope.jobs, kind=kind.name)
        jobs = jobs.exclude(status__in=(Status.FAILED, Status.STOPPED, Status.STOPPING))
        known = list(jobs.order_by("-created_at")[:LOOKED_AT])
    for job in known:
        if any(_meet(kind, job.parameters, given) for given in asked):
            words = title_of(kind, job.name, job.parameters).words
            yield Earlier(job.pk, words, job.status, job.ended_at)


def _meet(kind: Kind, one: dict[str, Any], other: dict[str, Any]) -> bool:
    first, last = kind.ranges or ("", "")
    if kind.account and one.get(kind.account) != other.get(kind.account):
        return False
    days = [one.get(first), one.get(last)]
    return all(isinstance(day, str) for day in days) and (
        other[first] <= days[1] and days[0] <= other[last]
    )


def shortcut(word: str, today: date) -> tuple[date, date] | None:
    """The first and the last day of yesterday, the week or the month before today; else None."""
    yesterday = today - timedelta(days=1)
    last_month = today.replace(day=1) - timedelta(days=1)
    return {
        "yesterday": (yesterday, yesterday),
        "week": (today - timedelta(days=7), yesterday),
        "month": (last_month.replace(day=1), last_month),
    }.get(word)
