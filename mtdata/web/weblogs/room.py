"""Web logs' entry for the web; it only names what does the work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from mtdata.config import Settings
from mtdata.web.access.roles import Role
from mtdata.web.api.operation import Operation
from mtdata.web.room import JobSubject, WebRoom
from mtdata.web.route import Route, get
from mtdata.web.weblogs import pages, shapes, sites, standing
from mtdata.weblogs.jobs import IMPORT


def _subject(settings: Settings, kind: str, parameters: Mapping[str, Any]) -> JobSubject | None:
    domain, day = parameters.get("site"), parameters.get("day")
    if kind != IMPORT or domain not in {site.domain for site in settings.weblogs.sites}:
        return None
    if not isinstance(day, str) or "/" in day or not day:
        return JobSubject(str(domain), reverse("weblogs_of", args=[domain]))
    return JobSubject(f"{domain}, {day}", reverse("weblogs_day", args=[domain, day]))


ROOM = WebRoom(
    routes=(
        Route("weblogs/", "weblogs", get(Role.VIEWER, pages.all_sites)),
        Route("weblogs/<str:name>/", "weblogs_of", get(Role.VIEWER, pages.show)),
        Route("weblogs/<str:name>/<str:day>/", "weblogs_day", get(Role.VIEWER, pages.show_day)),
    ),
    nav=(("Web logs", "weblogs"),),
    operations=(
        Operation("GET", "/weblogs", Role.VIEWER, sites.list_weblog_sites, shapes.WeblogSites),
    ),
    cards=sites.cards,
    known_incidents=standing.known_incidents,
    forget=standing.standing.forget,
    is_used=lambda settings: bool(settings.weblogs.sites),
    job_subject=_subject,
)
