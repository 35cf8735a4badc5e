"""Who carries jobs, what each has in hand, and how many jobs are in which state; it only looks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Q

from mtdata.config.programme import ProgrammeConfig
from mtdata.jobs.records.asking import asking, now
from mtdata.jobs.records.listing import RowPlace, page_of
from mtdata.jobs.records.models import Job, Part, Runner
from mtdata.jobs.records.runners import is_alive, is_late, own_host
from mtdata.jobs.states import Status

MOST_PARTS = 200


class RunnerPage(NamedTuple):
    """One page of runners."""

    runners: list[dict[str, Any]]
    total: int
    page: int
    pages: int
    more: bool
    is_least: bool

    @property
    def previous(self) -> int:
        """The number of the page before."""
        return self.page - 1

    @property
    def next(self) -> int:
        """The number of the page behind."""
        return self.page + 1


def jobs_by_status(states: Collection[Status] = tuple(Status)) -> dict[str, int]:
    """The number of jobs in each of these states; of those that ended every one is counted."""
    with asking():
        jobs = Job.objects.filter(status__in=states).order_by()
        found = dict(
            jobs.values("status").annotate(count=Count("*")).values_list("status", "count")
        )
    return {status.value: found.get(status.value, 0) for status in states}


def has_jobs() -> bool:
    """Whether anybody ever ordered one that is not forgotten."""
    with asking():
        return Job.objects.exists()


class RunnerCount(NamedTuple):
    """How many runners are alive, and of how many a sign of life is missing."""

    alive: int
    late: int


def runner_count(terms: ProgrammeConfig) -> RunnerCount:
    """How many there are now."""
    with asking():
        at = now()
        late = Q(pk__in=Runner.objects.filter(is_late(at, terms)).values("pk"))
        found = Runner.objects.filter(is_alive(at, terms.sweep_s)).aggregate(
            alive=Count("pk", filter=~late), late=Count("pk", filter=late)
        )
    return RunnerCount(**found)


def count_heard_here(terms: ProgrammeConfig) -> int:
    """How many runners by the name of this machine are alive, and not late."""
    with asking():
        at = now()
        late = Runner.objects.filter(is_late(at, terms)).values("pk")
        alive = Runner.objects.filter(is_alive(at, terms.sweep_s), host=own_host())
        return alive.exclude(pk__in=late).count()


def runner_page(
    terms: ProgrammeConfig,
    *,
    ended: bool,
    page: int = 1,
    size: int = 50,
    behind: RowPlace | None = None,
) -> RunnerPage:
    """Runners that are there, late or silent, the newest first; with `ended`, those that ended.

    `behind` a runner: what comes next, in place of a page.
    """
    with asking():
        at = now()
        chosen = Runner.objects.filter(ended_at__isnull=not ended).order_by("-started_at", "-pk")
        paged = page_of(chosen, page, size, behind)
        found = paged.rows
        keys = [runner.pk for runner in found]
        states = _states(keys, at, terms)
        parts = _in_hand(keys)
    return RunnerPage([_runner_json(one, states, parts) for one in found], *paged[1:])


def _states(keys: list[Any], at: datetime, terms: ProgrammeConfig) -> dict[Any, str]:
    found: dict[Any, str] = {}
    for state, rule in (("alive", is_alive(at, terms.sweep_s)), ("late", is_late(at, terms))):
        of = Runner.objects.filter(rule, pk__in=keys).values_list("pk", flat=True)
        found |= dict.fromkeys(of, state)
    return found


def _in_hand(keys: list[Any]) -> dict[Any, list[dict[str, Any]]]:
    held: dict[Any, list[dict[str, Any]]] = {}
    parts = Part.objects.filter(runner__in=keys, status=Status.IN_PROGRESS)
    for part in parts.select_related("job").order_by("started_at")[:MOST_PARTS]:
        held.setdefault(part.runner_id, []).append(
            {
                "job": str(part.job_id),
                "job_name": part.job.name,
                "kind": part.job.kind,
                "parameters": part.job.parameters,
                "name": part.name,
                "stage": part.stage,
                "rows": part.rows,
            }
        )
    return held


def _runner_json(
    runner: Runner, states: dict[Any, str], parts: dict[Any, list[dict[str, Any]]]
) -> dict[str, Any]:
    return {
        "id": str(runner.pk),
        "host": runner.host,
        "pid": runner.pid,
        "engine": runner.engine,
        "slots": runner.slots,
        "version": runner.version,
        "state": "ended" if runner.ended_at else states.get(runner.pk, "silent"),
        "started_at": runner.started_at,
        "seen_at": runner.ended_at or runner.seen_at,
        "parts": parts.get(runner.pk, []),
    }
