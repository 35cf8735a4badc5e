"""The daily reports of an account: which day's are due, and from which day on they ask; pure.

A daily report is called by the day on which it is queued; the last day that it asks for is the one
before.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from hashlib import sha256
from typing import NamedTuple

from mtdata.core import schedule

DAY = timedelta(days=1)
OWNER = "schedule"
"""Whose the jobs are that no person queued."""
MOST_DAYS = 400
"""No job asks for more days."""
LONGEST_NAME = 128
"""That the records keep of a job's."""


class Plan(NamedTuple):
    """When an account's reports are due: `settle` after a day's end its rows are all there."""

    at: time
    zone: tzinfo
    settle: timedelta

    def begins(self, day: date) -> datetime:
        """From when on (UTC) that day's are due: at `at`, and once the day before has settled.

        Of a time that the day has twice, the first counts; one that it lacks comes when the clock
        has gone past it.
        """
        moment = schedule.moment_of(day, self.at, self.zone)
        before_is_over = schedule.last_reached(datetime.combine(day, time()), self.zone)
        return max(moment, before_is_over + self.settle)

    def due(self, now: datetime) -> date:
        """The newest day whose reports are due."""
        day = now.astimezone(self.zone).date()
        while self.begins(day) > now:
            day -= DAY
        return day

    def next_at(self, now: datetime) -> datetime:
        """When the next ones are due, UTC."""
        return self.begins(self.due(now) + DAY)


class EndedReport(NamedTuple):
    """The newest of an account's daily reports of a kind that ended by itself."""

    name: str
    failed: bool
    reason: str = ""


class Known(NamedTuple):
    """What the records know of an account's daily report of a kind, when a day's is due."""

    is_there: bool = False  # the day's own
    before: str = ""  # an earlier day's that has not ended: its name and state
    served: date | None = None  # up to this day nothing is missed
    ended: EndedReport | None = None
    goes_on: bool = False  # the newest of them has not ended, perhaps tried again

    def is_due(self) -> bool:
        """Whether the day's is to be queued: it is not there, and all before it have ended.

        So nothing piles up where nobody carries, and what the one before missed is known: the
        next one asks for that too, and for no day that is just being fetched.
        """
        return not self.is_there and not self.before

    def trouble(self, day: date) -> str | None:
        """What a person has to know, '' for nothing, None: what was told holds until it ends."""
        if self.before and not self.is_there:
            return f"{self.before} still, so that of {day} is not queued yet"
        if self.ended and self.ended.failed:
            return f"{self.ended.name} Failed: {self.ended.reason}"
        return None if self.goes_on else ""


class Stretch(NamedTuple):
    """The first day that a report asks for; `wanted` is earlier where that would be too many."""

    first: date
    wanted: date

    @property
    def has_hole(self) -> bool:
        """Whether days are left out."""
        return self.wanted < self.first


def stretch(day: date, look_back_s: float, served: date | None) -> Stretch:
    """What the report of that day asks for: all that those since `served` would have asked for.

    The look-back counts in whole days, a begun one as one.
    """
    back = -int(-look_back_s // DAY.total_seconds())
    unserved = day if served is None else min(day, served + DAY)
    wanted = unserved - back * DAY
    return Stretch(max(wanted, day - MOST_DAYS * DAY), wanted)


def name_of(kind: str, account: str, day: date) -> str:
    """The name of the job; there is one of each name, so there is one a day.

    A long account is cut, and told from others that begin alike by a digest.
    """
    begin = f"daily_{kind}_{account}"
    room = LONGEST_NAME - len("_YYYY-MM-DD")
    if len(begin) > room:
        digest = sha256(account.encode()).hexdigest()[:16]
        begin = f"{begin[: room - len(digest) - 1]}_{digest}"
    return f"{begin}_{day.isoformat()}"


def day_of(name: str) -> date:
    """The day in such a name."""
    return date.fromisoformat(name[-len("YYYY-MM-DD") :])
