"""The toolbox's entry for the web; it only names what does the work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from mtdata.config import Settings
from mtdata.toolbox.jobs import REPORT
from mtdata.web.access.roles import Role
from mtdata.web.api.operation import Operation
from mtdata.web.room import JobSubject, WebRoom
from mtdata.web.route import Route, get, post
from mtdata.web.toolbox import pages, reports, shapes


def _subject(settings: Settings, kind: str, parameters: Mapping[str, Any]) -> JobSubject | None:
    server = parameters.get("server")
    if kind != REPORT or server not in {site.name for site in settings.sites}:
        return None
    return JobSubject(f"report of {server}", reverse("report_of", args=[server]))


ROOM = WebRoom(
    routes=(
        Route("reports/", "reports", get(Role.VIEWER, pages.all_reports)),
        Route(
            "reports/<str:name>/",
            "report_of",
            get(Role.VIEWER, pages.show) | post(Role.OPERATOR, pages.make),
        ),
    ),
    nav=(("Reports", "reports"),),
    operations=(
        Operation("GET", "/reports", Role.VIEWER, reports.list_reports, shapes.ReportsShape),
        Operation("GET", "/reports/{server}", Role.VIEWER, reports.show_report, shapes.ReportShape),
    ),
    is_used=lambda settings: bool(settings.sites),
    job_subject=_subject,
)
