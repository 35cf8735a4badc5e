"""Reports that come every day: the last, the next, and made now where the newest is not there."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.cake import daily_records, daily_reports
from mtdata.cake.daily import name_of
from mtdata.cake.daily_reports import plan_of
from mtdata.config.export import CakeConfig
from mtdata.core.errors import JobError, RecordsError
from mtdata.jobs.records.asking import asking, now
from mtdata.jobs.records.models import Job
from mtdata.web.access.scope import scope_of
from mtdata.web.pages.words import see
from mtdata.web.paging import text_in

log = logging.getLogger(__name__)


def show(request: HttpRequest) -> HttpResponse:
    """Show the daily reports of every account in the user's scope."""
    with asking():
        at = now()
        accounts = [
            {"name": account.name, "plan": plan_of(account), "reports": _reports(account, at)}
            for account in scope_of(request.user).settings.export.cake
        ]
    return render(request, "web/daily.html", {"accounts": accounts})


def _reports(account: CakeConfig, at: datetime) -> list[dict[str, Any]]:
    plan = plan_of(account)
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
        for report in daily_reports.REPORTS
    ]


def make(request: HttpRequest) -> HttpResponse:
    """Queue the newest of one kind of an account, unless it is there."""
    account, kind = text_in(request.POST, "account"), text_in(request.POST, "kind")
    ours = scope_of(request.user).settings
    found = [one for one in ours.export.cake if one.name == account]
    reports = [one for one in daily_reports.REPORTS if one.kind == kind]
    if not found or not reports:
        raise Http404
    with asking():
        at = now()
    try:
        name = daily_reports.make_now(settings.MTDATA, found[0], reports[0], at)
    except RecordsError:
        raise
    except JobError as error:
        messages.warning(request, f"Nothing was queued: {error}.")
    else:
        log.info("%s queued %s", request.user.get_username(), name)
        messages.success(request, f"{name} is queued.")
    return see("daily")
