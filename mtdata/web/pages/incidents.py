"""Troubles of the sites and of the program: what happened, what is safe, what to do; and closing.

Closing is what `mtdata incidents SITE --close NUMBER` does, and no more.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata import logs
from mtdata.alerts import ledgers
from mtdata.alerts.incident import FAILED_REPORT, is_closed_by_hand
from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.ledgers import IncidentLedgers
from mtdata.alerts.levels import ORDER
from mtdata.alerts.shape import incident_json
from mtdata.core.errors import MTDataError, UsageError
from mtdata.core.sqlite import MAX_INTEGER
from mtdata.jobs.duty import all_ledgers
from mtdata.web import incident_list
from mtdata.web.access.roles import Role, role_of
from mtdata.web.pages.failed_reports import FailedReport, failed_reports
from mtdata.web.pages.words import see
from mtdata.web.paging import number_in, text_in

log = logging.getLogger(__name__)
SIZE = 50


def show(request: HttpRequest) -> HttpResponse:
    """The open ones of all or one of the ledgers; `?show=closed` the closed ones of one."""
    known = all_ledgers(settings.MTDATA_DUTIES, settings.MTDATA)
    chosen = text_in(request.GET, "site")
    if chosen and chosen not in known:
        raise Http404
    closed = request.GET.get("show") == "closed"
    shown: dict[str, Any] = {"books": list(known), "book": chosen, "closed": closed}
    if closed:
        shown["book"] = chosen or next(iter(known))
        shown |= _closed(known, shown["book"], number_in(request.GET, "before", MAX_INTEGER))
    else:
        wanted = {chosen: known[chosen]} if chosen else known
        shown |= _open(wanted, number_in(request.GET, "page", 1))
    shown["incidents"] = _of_reports(shown["incidents"], role_of(request.user))
    return render(request, "web/incidents.html", shown)


def _of_reports(rows: list[dict[str, Any]], role: Role) -> list[dict[str, Any]]:
    """The rows, those of a report that Failed as their reader knows its job and can act."""
    known = failed_reports(((row["kind"], row["scale"], row["detail"]) for row in rows), role)
    return [{**row, **_of_job(row, known)} for row in rows]


def _of_job(row: dict[str, Any], known: Mapping[str, FailedReport]) -> dict[str, Any]:
    report = known.get(row["scale"]) if row["kind"] == FAILED_REPORT else None
    if report is None:
        return {}
    to_do = "" if row["closed_at"] else report.todo
    return {"title": report.title, "detail": report.why, "to_do": to_do, "job_to": report.to}


def _open(wanted: IncidentLedgers, page: int) -> dict[str, Any]:
    """The gravest first, of these the newest."""
    found, faults = incident_list.open_of(wanted)
    rows = [(name, incident_json(one)) for name, incidents in found.items() for one in incidents]
    rows.sort(key=lambda row: row[1]["last_at"], reverse=True)
    rows.sort(key=lambda row: ORDER[row[1]["level"]])
    pages = max(1, -(-len(rows) // SIZE))
    page = min(page, pages)
    at = {
        "page": page,
        "pages": pages,
        "total": len(rows),
        "previous": page - 1,
        "next": page + 1,
    }
    shown = rows[(page - 1) * SIZE : page * SIZE]
    return {"incidents": [_incident_row(*row) for row in shown], "at": at, "faults": faults}


def _closed(known: IncidentLedgers, name: str, before: int) -> dict[str, Any]:
    try:
        found = ledgers.closed_incidents(known[name], before, SIZE + 1)
    except MTDataError as error:
        return {"incidents": [], "faults": {name: str(error)}}
    shown = [_incident_row(name, incident_json(one)) for one in found[:SIZE]]
    older = found[SIZE - 1].number if len(found) > SIZE else None
    return {"incidents": shown, "older": older, "faults": {}, "is_later": before != MAX_INTEGER}


def _incident_row(name: str, one: dict[str, Any]) -> dict[str, Any]:
    return {
        **one,
        "book": name,
        "anchor": f"{name.strip('()')}-{one['number']}",
        "means": KINDS[one["kind"]],
        "may_close": is_closed_by_hand(name, one["kind"]) and one["closed_at"] is None,
        "job": one["scale"] if one["kind"] == FAILED_REPORT else "",
    }


def close(request: HttpRequest) -> HttpResponse:
    """Somebody looked at it.  UsageError when it is not open."""
    name, number = text_in(request.POST, "site"), number_in(request.POST, "number", 0)
    known = all_ledgers(settings.MTDATA_DUTIES, settings.MTDATA)
    if name not in known:
        raise Http404
    if not ledgers.close_incident(known[name], number):
        raise UsageError(f"{name} has no open incident {number}")
    incident_list.forget()
    with logs.at(site=name):
        log.info("%s closed the incident %d", request.user.get_username(), number)
    messages.success(request, f"Incident {number} of {name} is closed.")
    return see("incidents")
