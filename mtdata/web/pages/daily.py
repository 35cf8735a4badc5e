"""Reports that come every day: the last, the next, and made now where the newest is not there."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.core.errors import JobError, RecordsError
from mtdata.jobs.daily import name_of
from mtdata.jobs.daily_reports import DailyAccount, DailyReports, make_now
from mtdata.jobs.duty import daily_of
from mtdata.jobs.records import daily_records
from mtdata.jobs.records.asking import asking, now
from mtdata.jobs.records.models import Job
from mtdata.web.access.scope import scope_of
from mtdata.web.pages.words import see
from mtdata.web.paging import text_in

log = logging.getLogger(__name__)


def show(request: HttpRequest) -> HttpResponse:
    """Every account in the user's scope."""
    scope = scope_of(request.user)
    with asking():
        at = now()
        accounts = [
            {"name": one.name, "plan": one.plan, "reports": _reports(of, one, at)}
            for of in daily_of(scope.duties)
            for one in of.accounts(scope.settings)
        ]
    return render(request, "web/daily.html", {"accounts": accounts})


def _reports(of: DailyReports, account: DailyAccount, at: datetime) -> list[dict[str, Any]]:
    plan = account.plan
    if plan is None:
        return []
    day = plan.due(at)
    return [
        {
            "kind": report.kind,
            "day": day.isoformat(),
            "next_at": plan.next_at(at),
            "job": Job.objects.filter(name=name_of(report.kind, account.name, day)).first(),
            "last": daily_records.last(report.kind, account.name, day),
        }
        for report in of.reports
    ]


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
    try:
        name = make_now(settings.MTDATA, *found[0], at)
    except RecordsError:
        raise
    except JobError as error:
        messages.warning(request, f"Nothing was queued: {error}.")
    else:
        log.info("%s queued %s", request.user.get_username(), name)
        messages.success(request, f"{name} is queued.")
    return see("daily")
