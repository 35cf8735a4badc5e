"""Who carries jobs, what each has in hand, and how many jobs are in which state; it only looks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count

from mtdata.jobs.records.asking import asking, now
from mtdata.jobs.records.liveness import is_alive
from mtdata.jobs.records.models import Job, Part, Runner
from mtdata.jobs.states import Status

MOST_PARTS = 200


class RunnerPage(NamedTuple):
    """One page of runners."""

    runners: list[dict[str, Any]]
    total: int
    page: int
    pages: int

    @property
    def previous(self) -> int:
        """The number of the page before."""
        return self.page - 1

    @property
    def next(self) -> int:
        """The number of the page behind."""
        return self.page + 1


def jobs_by_status() -> dict[str, int]:
    """The number of jobs in each state."""
    with asking():
        found = dict(Job.objects.order_by().values_list("status").annotate(Count("pk")))
    return {status.value: found.get(status.value, 0) for status in Status}


def live_count(sweep_s: float) -> int:
    """How many runners are alive."""
    with asking():
        return Runner.objects.filter(is_alive(now(), sweep_s)).count()


def runner_page(sweep_s: float, *, ended: bool, page: int = 1, size: int = 50) -> RunnerPage:
    """Runners that are alive or fell silent, the newest first; with `ended`, those that ended."""
    with asking():
        at = now()
        chosen = Runner.objects.filter(ended_at__isnull=not ended)
        total = chosen.count()
        pages = max(1, -(-total // size))
        page = min(max(1, page), pages)
        first = (page - 1) * size
        found = list(chosen.order_by("-started_at", "pk")[first : first + size])
        keys = [runner.pk for runner in found]
        heard = set(
            Runner.objects.filter(is_alive(at, sweep_s), pk__in=keys).values_list("pk", flat=True)
        )
        parts = _in_hand(keys)
    return RunnerPage([_runner_json(one, heard, parts, at) for one in found], total, page, pages)


def _in_hand(keys: list[Any]) -> dict[Any, list[dict[str, Any]]]:
    held: dict[Any, list[dict[str, Any]]] = {}
    parts = Part.objects.filter(runner__in=keys, status=Status.IN_PROGRESS)
    for part in parts.select_related("job").order_by("started_at")[:MOST_PARTS]:
        held.setdefault(part.runner_id, []).append(
            {
                "job": str(part.job_id),
                "job_name": part.job.name,
                "name": part.name,
                "stage": part.stage,
                "rows": part.rows,
            }
        )
    return held


def _runner_json(
    runner: Runner, heard: set[Any], parts: dict[Any, list[dict[str, Any]]], at: datetime
) -> dict[str, Any]:
    state = "ended" if runner.ended_at else "alive" if runner.pk in heard else "silent"
    return {
        "id": str(runner.pk),
        "host": runner.host,
        "pid": runner.pid,
        "engine": runner.engine,
        "slots": runner.slots,
        "version": runner.version,
        "state": state,
        "started_at": runner.started_at,
        "seen_at": runner.ended_at or runner.seen_at,
        "parts": parts.get(runner.pk, []),
    }
