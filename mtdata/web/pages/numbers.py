"""The numbers for Prometheus: how the pools and the jobs stand, without any value of theirs."""

from __future__ import annotations

import threading
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST

from mtdata.core.clock import SystemClock
from mtdata.jobs.records import listing, runner_view
from mtdata.study.status import metrics as numbers
from mtdata.web import pools

KEPT_S = 5.0


class PageCounts(NamedTuple):
    """How many jobs there are by state, what waits, how many carry."""

    jobs: dict[str, int]
    waiting: listing.QueueSummary
    alive: int


class CachedCounts:
    """Counts at most once in a few seconds, however many ask."""

    def __init__(self) -> None:
        self._clock, self._turn = SystemClock(), threading.Lock()
        self._found: tuple[float, PageCounts] | None = None

    def now(self) -> PageCounts:
        """The counts, at most a few seconds old."""
        with self._turn:
            if self._found is None or self._clock.ticks() - self._found[0] >= KEPT_S:
                self._found = self._clock.ticks(), _counted()
            return self._found[1]


def _counted() -> PageCounts:
    alive = runner_view.live_count(settings.MTDATA.programme.sweep_s)
    return PageCounts(runner_view.jobs_by_status(), listing.queue_summary(), alive)


_COUNTING = CachedCounts()


def metrics(request: HttpRequest) -> HttpResponse:
    """The text that Prometheus reads."""
    states = pools.standing(settings.MTDATA)
    known = {site: state for site, state in states.items() if "scales" in state}
    faulty = [site for site, state in states.items() if "fault" in state]
    page = numbers.filled(known, faulty, SystemClock().now())
    _add_jobs(page, _COUNTING.now())
    return HttpResponse(page.text(), content_type=CONTENT_TYPE_LATEST)


def _add_jobs(page: numbers.MetricsPage, counts: PageCounts) -> None:
    status, oldest = ("status",), counts.waiting.oldest_at
    page.gauge("jobs", "Jobs by state.", status, _labelled(counts.jobs))
    told = "Parts that are queued or under way."
    page.gauge("job_parts", told, status, _labelled(counts.waiting.parts))
    page.gauge(
        "job_oldest_queued_timestamp_seconds",
        "When the job was added that has been queued for longest.",
        (),
        [((), oldest.timestamp() if oldest else None)],
    )
    page.gauge("runners_alive", "Runners heard of of late.", (), [((), counts.alive)])


def _labelled(found: dict[str, int]) -> list[tuple[tuple[str], int]]:
    return [((word,), number) for word, number in found.items()]
