"""The first page: is all well, and what is going on; it asks no site anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from mtdata.alerts.incident import FAILED_REPORT, Incident
from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.levels import LEVELS, ORDER
from mtdata.config import Settings
from mtdata.core.checks import PROGRAM
from mtdata.core.errors import BusyError
from mtdata.jobs.records import queries, runner_view
from mtdata.jobs.records.asking import now
from mtdata.jobs.states import UNDER_WAY, Status
from mtdata.web import incident_list
from mtdata.web.access.roles import Role, is_guest, role_of
from mtdata.web.access.scope import Scope, scope_of
from mtdata.web.pages import daily
from mtdata.web.pages.failed_reports import FailedReport, failed_reports
from mtdata.web.pages.job_lines import job_lines
from mtdata.web.pages.reasons import reason_of
from mtdata.web.pages.words import see
from mtdata.web.room import Need, rooms_of

MOST_NEEDS, MOST_RUNNING, MOST_FAILED = 6, 5, 3
NOTHING_YET = "Nothing is set up yet"
FAILED_FOR = timedelta(days=7)
"""A failure is shown for so long, unless what it was to bring came since."""


def first(request: HttpRequest) -> HttpResponse:
    """Where one comes in: a guest sees jobs and no site."""
    return see("jobs") if is_guest(request.user) else show(request)


def show(request: HttpRequest) -> HttpResponse:
    """Show the overview."""
    return render(request, "web/overview.html", _context(request))


def piece(request: HttpRequest) -> HttpResponse:
    """The piece of the overview that is polled."""
    return render(request, "web/overview_live.html", _context(request))


def _context(request: HttpRequest) -> dict[str, Any]:
    ours, scope, role = settings.MTDATA, scope_of(request.user), role_of(request.user)
    counts, crew = runner_view.jobs_by_status(UNDER_WAY), runner_view.runner_count(ours.programme)
    reports = daily.lines(scope, now())
    cards = [card for room in rooms_of(settings.MTDATA_DUTIES) for card in room.cards(ours)]
    opened = _open_incidents()
    needs = [*_of_runners(counts, crew), *(need for card in cards for need in card.needs)]
    known = failed_reports(((one.kind, one.scale, one.detail) for _, one in opened), role)
    needs += [_incident_need(site, one, known) for site, one in opened]
    needs += _of_reports(reports, {one.scale for site, one in opened if site == PROGRAM})
    needs.sort(key=lambda need: need.level != "bad")
    has_jobs = runner_view.has_jobs() or any(crew)
    is_bare = not (needs or has_jobs or _has_names(ours))
    return {
        "cards": cards,
        "needs": needs[:MOST_NEEDS],
        "more_needs": max(0, len(needs) - MOST_NEEDS),
        "headline": NOTHING_YET if is_bare else _headline(len(needs)),
        "is_bare": is_bare,
        "reports": reports,
        "has_jobs": has_jobs,
        "running": job_lines(_jobs(scope, Status.IN_PROGRESS, MOST_RUNNING), live=True),
        "queued": counts[Status.QUEUED],
        "failed": _failed(scope, role),
        "runners": crew,
        "may_retry": role >= Role.OPERATOR,
    }


def _has_names(ours: Settings) -> bool:
    """Whether any duty has a site or an account to work for."""
    return any(duty.checks.names(ours) for duty in settings.MTDATA_DUTIES)


def _headline(count: int) -> str:
    if not count:
        return "All well"
    return "1 thing needs you" if count == 1 else f"{count} things need you"


def _jobs(scope: Scope, status: Status, most: int) -> list[dict[str, Any]]:
    return queries.job_page(status=status, within=scope.jobs, size=most).jobs


def _failed(scope: Scope, role: Role) -> list[dict[str, Any]]:
    since = now() - FAILED_FOR
    found = _jobs(scope, Status.FAILED, MOST_FAILED)
    recent = [job for job in found if (job["ended_at"] or job["created_at"]) > since]
    return [
        {**one, "reason": reason_of(one["status"], one["reason"], role).why}
        for one in job_lines(recent)
    ]


def _of_runners(counts: dict[str, int], crew: runner_view.RunnerCount) -> list[Need]:
    many = sum(counts.values())
    if not many or crew.alive:
        return []
    told = "Begin mtdata daemon or mtdata runner; until then they wait."
    if crew.late:
        told = "The last one missed a sign of life. If it is gone: mtdata daemon, or mtdata runner."
    what = "queued" if many == counts[Status.QUEUED] else "not at its end"
    title = f"{many} job{'' if many == 1 else 's'} {what}, and nobody carries jobs"
    return [Need("warn" if crew.late else "bad", title, told, reverse("runners"), "Runners")]


def _open_incidents() -> list[tuple[str, Incident]]:
    """What stands open, in the order of its page: the gravest first, of these the newest."""
    try:
        found = incident_list.open_of_all(settings.MTDATA)
    except BusyError:  # the pools do not answer: their own card says so
        return []
    opened = [(site, one) for site, incidents in found.items() for one in incidents]
    opened.sort(key=lambda pair: pair[1].last_at, reverse=True)
    opened.sort(key=lambda pair: ORDER[KINDS[pair[1].kind].level])
    return opened


def _incident_need(site: str, one: Incident, known: Mapping[str, FailedReport]) -> Need:
    kind = KINDS[one.kind]
    level = "warn" if LEVELS[kind.level] <= LEVELS["warning"] else "bad"
    where = "" if site == PROGRAM else f"{site} "
    report = known.get(one.scale) if one.kind == FAILED_REPORT else None
    what = report.title if report else one.scale
    title = f"{where}{what}: {kind.title}" if where or what else kind.title
    to = f"{reverse('incidents')}#incident-{site.strip('()')}-{one.number}"
    told = report.why if report else f"Safe: {kind.safe}"
    return Need(level, title.replace(" :", ":"), told, to, "What to do")


def _of_reports(reports: list[daily.ReportLine], told: set[str]) -> list[Need]:
    """What did not come and no incident has `told` of: there may be no daemon to do that."""
    return [
        Need("warn", f"{one.title} did not come", one.reason, reverse("daily"), "See to it")
        for one in reports
        if one.level == "bad" and one.scale not in told
    ]
