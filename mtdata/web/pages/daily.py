"""Reports that come every day: the last, the next, and made now where the newest is not there."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.core.errors import JobError
from mtdata.jobs.daily import name_of
from mtdata.jobs.daily_reports import Planned, make_now, planned
from mtdata.jobs.duty import daily_of
from mtdata.jobs.records import daily_records
from mtdata.jobs.records.asking import asking, now
from mtdata.jobs.records.models import Job
from mtdata.jobs.states import Status
from mtdata.web.access.scope import Scope, scope_of
from mtdata.web.pages.words import refusals_shown, see
from mtdata.web.paging import text_in

log = logging.getLogger(__name__)
PATIENCE = timedelta(minutes=10)
"""A daemon that runs has queued what is due by then."""


class ReportLine(NamedTuple):
    """The newest daily report of a kind that is due of an account, and whether it came."""

    account: str
    kind: str
    title: str  # as "Clicks of first"
    scale: str  # what stands for it in an incident
    day: date
    next_at: datetime
    job: Job | None
    last: dict[str, Any] | None  # the newest that ended by itself
    state: str
    level: str  # good, run, bad, or '' for what waits

    @property
    def reason(self) -> str:
        """Why it did not come, as far as that is known."""
        return self.job.reason if self.job else "Nobody has queued it yet."


def lines(scope: Scope, at: datetime) -> list[ReportLine]:
    """What comes daily of the accounts in the user's scope."""
    with asking():
        return [_line(one, at) for one in planned(daily_of(scope.duties), scope.settings)]


def _line(one: Planned, at: datetime) -> ReportLine:
    kind, account, day = one.report.kind, one.account.name, one.plan.due(at)
    job = Job.objects.filter(name=name_of(kind, account, day)).first()
    state, level = _state(job, is_late=at - one.plan.begins(day) > PATIENCE)
    return ReportLine(
        account=account,
        kind=kind,
        scale=one.scale,
        title=f"{one.of.kinds()[kind].title or kind} of {account}",
        day=day,
        next_at=one.plan.next_at(at),
        job=job,
        last=daily_records.last(kind, account, day),
        state=state,
        level=level,
    )


def _state(job: Job | None, *, is_late: bool) -> tuple[str, str]:
    if job is None:
        return ("did not come", "bad") if is_late else ("due now", "")
    if job.status == Status.SUCCESS and job.ended_at:
        return f"{job.ended_at:%H:%M} UTC", "good"
    levels = {Status.IN_PROGRESS: "run", Status.FAILED: "bad", Status.STOPPED: "bad"}
    return str(job.status), levels.get(Status(job.status), "")


def show(request: HttpRequest) -> HttpResponse:
    """Every account in the user's scope."""
    scope = scope_of(request.user)
    with asking():
        found = lines(scope, now())
        accounts = [
            {
                "name": one.name,
                "plan": one.plan,
                "key": of.key,
                "reports": [line for line in found if line.account == one.name],
            }
            for of in daily_of(scope.duties)
            for one in of.accounts(scope.settings)
        ]
    return render(request, "web/daily.html", {"accounts": accounts})


def make(request: HttpRequest) -> HttpResponse:
    """Queue the newest of one kind of an account, unless it is there."""
    account, kind = text_in(request.POST, "account"), text_in(request.POST, "kind")
    scope = scope_of(request.user)
    found = [
        (of, one, report)
        for of in daily_of(scope.duties)
        for one in of.accounts(scope.settings)
        for report in of.reports
        if (one.name, report.kind) == (account, kind)
    ]
    if not found:
        raise Http404
    with asking():
        at = now()
    with refusals_shown(request, JobError, "Nothing was queued"):
        name = make_now(settings.MTDATA, *found[0], at)
        log.info("%s queued %s", request.user.get_username(), name)
        messages.success(request, f"{name} is queued.")
    return see("daily")
