"""The list of jobs, the newest first; what is filtered stands in the address."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.jobs.duty import daily_of
from mtdata.jobs.records import queries, share
from mtdata.jobs.records.listing import RowPlace
from mtdata.jobs.states import Status, retry_refused
from mtdata.web.access import users
from mtdata.web.access.roles import Role, role_of
from mtdata.web.access.scope import Scope, scope_of
from mtdata.web.api.cursors import MOMENT, behind_cursor, moment_cursor
from mtdata.web.downloads import links
from mtdata.web.pages.job_lines import job_lines
from mtdata.web.pages.orders import CAN_STOP
from mtdata.web.paging import job_filters, number_in, text_in

SIZE = 50


def show(request: HttpRequest) -> HttpResponse:
    """A page of the list; its table alone for who polls it."""
    scope = scope_of(request.user)
    behind = _behind_in_address(request)
    page = number_in(request.GET, "page", 1)
    asked, found = asked_jobs(request, scope, SIZE, page, behind)
    last = found.jobs[-1] if found.more and (behind or found.page == found.pages) else None
    known = {
        "asked": asked,
        "found": found,
        "is_beyond": behind is not None,
        "beyond": last and moment_cursor(last["created_at"], last["id"]),
        "jobs": _lines(found.jobs, role_of(request.user), scope),
        "states": _offered([one.value for one in Status], asked["status"]),
        "kinds": [(one, _words_of(one)) for one in _offered(sorted(scope.kinds), asked["kind"])],
        "has_daily": any(of.accounts(scope.settings) for of in daily_of(scope.duties)),
        "is_filtered": any(asked.values()),
        "stoppable": _stoppable(scope, asked),
    }
    alone = request.headers.get("HX-Request") == "true"
    return render(request, "web/jobs_table.html" if alone else "web/jobs.html", known)


def asked_jobs(
    request: HttpRequest, scope: Scope, size: int, page: int = 1, behind: RowPlace | None = None
) -> tuple[dict[str, str], queries.JobPage]:
    """What the address filters by, and that page of the jobs in the scope that are left.

    `behind` a job: what comes next, in place of a page.
    """
    asked = job_filters(request.GET)
    found = queries.job_page(
        status=asked["status"],
        kind=asked["kind"],
        words=asked["name"],
        owner=users.folded(asked["owner"]),
        within=scope.jobs,
        page=page,
        size=size,
        behind=behind,
    )
    return asked, found


def _behind_in_address(request: HttpRequest) -> RowPlace | None:
    """The job behind which the page begins; None where the address names none."""
    word = text_in(request.GET, "behind")
    return behind_cursor(word, "created_at") if re.fullmatch(MOMENT, word) else None


def _stoppable(scope: Scope, asked: dict[str, str]) -> int:
    """How many jobs, on all pages, "Stop all of these" would end."""
    if asked["status"] not in ("", *CAN_STOP):
        return 0
    wanted = {"status": asked["status"], "kind": asked["kind"], "words": asked["name"]}
    return len(share.to_stop(scope.jobs, owner=users.folded(asked["owner"]), **wanted))


def _offered(words: list[str], asked: str) -> list[str]:
    """What the filter offers; what is asked for is among it even when nothing has it."""
    return words if asked in ("", *words) else [*words, asked]


def _words_of(kind: str) -> str:
    """A kind as New job calls it."""
    known = settings.MTDATA_KINDS.get(kind)
    return known.title if known and known.title else kind


def _lines(jobs: list[dict[str, Any]], role: Role, scope: Scope) -> list[dict[str, Any]]:
    """Jobs as lines of the list, with what may be ordered of each from its menu.

    A link stands where what a job made can be downloaded: a file, or several as a zip.
    """
    done = [UUID(job["id"]) for job in jobs if job["status"] == Status.SUCCESS]
    may_get = role >= Role.OPERATOR and bool(done)
    made, zips = (links.alone(done), links.zips(done)) if may_get else ({}, {})
    shown = {str(job): standing.path for job, standing in made.items() if not standing.closed}
    return [
        {
            **line,
            "download": shown.get(line["id"], ""),
            "zip_of": zips.get(UUID(line["id"]), 0),
            "can_retry": not retry_refused(Status(line["status"])),
            "can_stop": line["status"] in CAN_STOP,
            "can_clone": line["kind"] in scope.kinds,
        }
        for line in job_lines(jobs)
    ]
