"""The list of jobs, the newest first; what is filtered stands in the address."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.jobs.duty import daily_of
from mtdata.jobs.records import queries
from mtdata.jobs.states import Status
from mtdata.web import waiting
from mtdata.web.access import users
from mtdata.web.access.roles import Role, role_of
from mtdata.web.access.scope import scope_of
from mtdata.web.downloads import links
from mtdata.web.pages.words import span
from mtdata.web.paging import job_filters, number_in

SIZE = 50


def show(request: HttpRequest) -> HttpResponse:
    """A page of the list; its table alone for who polls it."""
    asked = job_filters(request.GET)
    scope = scope_of(request.user)
    found = queries.job_page(
        status=asked["status"],
        kind=asked["kind"],
        words=asked["name"],
        owner=users.folded(asked["owner"]),
        within=scope.jobs,
        page=number_in(request.GET, "page", 1),
        size=SIZE,
    )
    known = {
        "asked": asked,
        "found": found,
        "jobs": _lines(found.jobs, may_download=role_of(request.user) >= Role.OPERATOR),
        "states": _offered([one.value for one in Status], asked["status"]),
        "kinds": _offered(sorted(scope.kinds), asked["kind"]),
        "has_daily": any(of.accounts(scope.settings) for of in daily_of(scope.duties)),
        "is_filtered": any(asked.values()),
        "can_stop": asked["status"] in ("", Status.QUEUED, Status.IN_PROGRESS),
    }
    alone = request.headers.get("HX-Request") == "true"
    return render(request, "web/jobs_table.html" if alone else "web/jobs.html", known)


def _offered(words: list[str], asked: str) -> list[str]:
    """What the filter offers; what is asked for is among it even when nothing has it."""
    return words if asked in ("", *words) else [*words, asked]


def _lines(jobs: list[dict[str, Any]], *, may_download: bool) -> list[dict[str, Any]]:
    """Jobs as lines of the list, with a link where a job made one file that can be downloaded."""
    done = [UUID(job["id"]) for job in jobs if job["status"] == Status.SUCCESS]
    made = links.alone(done) if may_download and done else {}
    shown = {str(job): standing.path for job, standing in made.items() if not standing.closed}
    ends = waiting.work_ended_at([UUID(job["id"]) for job in jobs])
    return [
        {**_line(job, ends.get(UUID(job["id"]))), "download": shown.get(job["id"], "")}
        for job in jobs
    ]


def _line(job: dict[str, Any], worked_until: datetime | None) -> dict[str, Any]:
    parts, ended = job["parts"], job["ended_at"] and (worked_until or job["ended_at"])
    took = span(waiting.seconds(job["started_at"], ended))
    percent = 100 * parts["done"] // parts["total"] if parts["total"] else 0
    return {**job, "took": took, "percent": percent}
