"""Lists a page at a time, and what is open in numbers; it changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Min, Q

from mtdata.jobs.records.asking import asking, now
from mtdata.jobs.records.models import Job, Part
from mtdata.jobs.states import Status

OPEN = (Status.QUEUED, Status.IN_PROGRESS)
PART = "number name stage status attempt lost rows expected step reason started_at ended_at".split()


class RowPage(NamedTuple):
    """One page of a list, and whether there is `more` behind it."""

    rows: list[Any]
    total: int
    page: int
    pages: int
    more: bool


def page_of(found: Any, page: int, size: int, behind: Q | None = None) -> RowPage:
    """That page of what is found, the last for one beyond it; `behind` a row: what comes next."""
    total = found.count()
    pages = max(1, -(-total // size))
    first = (min(max(page, 1), pages) - 1) * size if behind is None else 0
    rest = found if behind is None else found.filter(behind)
    rows = list(rest[first : first + size + 1])
    page = first // size + 1 if behind is None else min(pages, (total - rest.count()) // size + 1)
    return RowPage(rows[:size], total, page, pages, len(rows) > size)


def parts_of(job: Job, page: int, size: int, behind: Q | None = None) -> RowPage:
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
