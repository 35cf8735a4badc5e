"""The numbers for Prometheus: how the pools and the jobs stand, without any value of theirs."""

from __future__ import annotations

import threading
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST

from mtdata.adapters import metrics as numbers
from mtdata.adapters.clock import SystemClock
from mtdata.records import listing
from mtdata.web import pools

KEPT_S = 5.0


class Counts:
    """How many jobs, parts and runners, counted at most once in a few seconds."""

    def __init__(self) -> None:
        self._clock, self._turn = SystemClock(), threading.Lock()
        self._found: tuple[float, dict[str, Any]] | None = None

    def now(self) -> dict[str, Any]:
        """What was counted of late."""
        with self._turn:
            if self._found is None or self._clock.ticks() - self._found[0] >= KEPT_S:
                sweep_s = settings.MTDATA.programme.sweep_s
                self._found = self._clock.ticks(), listing.counts(sweep_s)
            return self._found[1]


_COUNTS = Counts()


def metrics(request: HttpRequest) -> HttpResponse:
    """The text that Prometheus reads."""
    states = pools.standing(settings.MTDATA)
    known = {site: state for site, state in states.items() if "scales" in state}
    faulty = [site for site, state in states.items() if "fault" in state]
    page = numbers.filled(known, faulty, SystemClock().now())
    _add_jobs(page, _COUNTS.now())
    return HttpResponse(page.text(), content_type=CONTENT_TYPE_LATEST)


def _add_jobs(page: numbers.Page, counts: dict[str, Any]) -> None:
    status = ("status",)
    of_jobs = [((word,), number) for word, number in counts["jobs"].items()]
    page.gauge("jobs", "Jobs by state.", status, of_jobs)
    of_parts = [((word,), number) for word, number in counts["parts"].items()]
    page.gauge("job_parts", "Parts that are queued or under way.", status, of_parts)
    oldest = counts["oldest_queued_at"]
    page.gauge(
        "job_oldest_queued_timestamp_seconds",
        "When the job was added that has been queued for longest.",
        (),
        [((), oldest.timestamp() if oldest else None)],
    )
    page.gauge("runners_alive", "Runners heard of of late.", (), [((), counts["runners"])])
