"""Lists a page at a time, and what is open in numbers; it changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Min, Q

from mtdata.jobs.records.asking import asking, now
from mtdata.jobs.records.models import Job, Part
from mtdata.jobs.states import Status

OPEN = (Status.QUEUED, Status.IN_PROGRESS)
COUNTED = 10_000
PART = "number name stage status attempt lost rows expected step reason started_at ended_at".split()


class RowPage(NamedTuple):
    """One page of a list, and whether there is `more` behind it.

    `is_least`: there are more than `total`, which is as far as rows are counted.
    """

    rows: list[Any]
    total: int
    page: int
    pages: int
    more: bool
    is_least: bool


class RowPlace(NamedTuple):
    """The place of a row in a list that has the newest first: its time by `field`, and its key.

    Each condition has a bound of that field alone, by which an index leads there.
    """

    field: str
    at: datetime
    key: Any

    def behind(self) -> Q:
        """What comes behind it."""
        later = Q(**{f"{self.field}__lt": self.at}) | Q(pk__lt=self.key)
        return Q(**{f"{self.field}__lte": self.at}) & later

    def up_to(self) -> Q:
        """What comes before it, and itself."""
        sooner = Q(**{f"{self.field}__gt": self.at}) | Q(pk__gte=self.key)
        return Q(**{f"{self.field}__gte": self.at}) & sooner


class NumberPlace(NamedTuple):
    """The place of a part in its job."""

    number: int

    def behind(self) -> Q:
        """What comes behind it."""
        return Q(number__gt=self.number)

    def up_to(self) -> Q:
        """What comes before it, and itself."""
        return Q(number__lte=self.number)


def page_of(
    found: Any, page: int, size: int, behind: RowPlace | NumberPlace | None = None
) -> RowPage:
    """That page of what is found, the last for one beyond it; `behind` a row: what comes next.

    No more than COUNTED rows are counted, and so far pages have numbers: to count a million takes
    as long as to read them.  What comes behind a row is found however many are before it.
    """
    total = _counted(found)
    pages = max(1, -(-min(total, COUNTED) // size))
    if behind is None:
        page = min(max(page, 1), pages)
        rows = list(found[(page - 1) * size : page * size + 1])
    else:
        rows = list(found.filter(behind.behind())[: size + 1])
        page = min(pages, _counted(found.filter(behind.up_to())) // size + 1)
    return RowPage(rows[:size], min(total, COUNTED), page, pages, len(rows) > size, total > COUNTED)


def _counted(found: Any) -> int:
    """How many are found; COUNTED + 1 for more than COUNTED."""
    # of that column alone: where an index has the order, it has all that is counted
    first = found.query.order_by[0].removeprefix("-")
    rows = found.order_by().values(first)
    return int(rows[: COUNTED + 1].count())


def parts_of(job: Job, page: int, size: int, behind: NumberPlace | None = None) -> RowPage:
    """Parts of a job in their order."""
    with asking():
        return page_of(job.parts.order_by("number").values(*PART), page, size, behind)


class QueueSummary(NamedTuple):
    """What is to be done: parts by state, and since when a job has been queued for longest.

    One that waits for a time of its own is queued behind nothing.
    """

    parts: dict[str, int]
    oldest_at: datetime | None


def queue_summary() -> QueueSummary:
    """For monitoring; parts that have ended are not counted: how many there are has no bound."""
    with asking():
        parts = Part.objects.filter(status__in=OPEN).order_by()
        found = dict(parts.values_list("status").annotate(Count("pk")))
        due = Q(not_before=None) | Q(not_before__lte=now())
        queued = Job.objects.filter(due, status=Status.QUEUED)
        oldest = queued.aggregate(oldest=Min("created_at"))["oldest"]
    return QueueSummary({status.value: found.get(status.value, 0) for status in OPEN}, oldest)
