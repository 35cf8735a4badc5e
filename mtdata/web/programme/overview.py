"""What there is of programme data: counts, the last imports, and where to go on; never a row."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.config import Settings
from mtdata.core.words import counted
from mtdata.jobs.records import queries
from mtdata.web.pages.job_lines import job_lines
from mtdata.web.programme.export_page import EXPORT
from mtdata.web.programme.row_counts import table_counts
from mtdata.web.programme.sorts import BY_KIND, FORM_ROWS, TEAM_ROWS
from mtdata.web.room import Card

LAST = 10


def show(request: HttpRequest) -> HttpResponse:
    """How many rows of each sort there are, and the last imports."""
    counts = table_counts(settings.MTDATA)
    known = {
        "headline": f"{counted(counts.teams, TEAM_ROWS.noun)} and "
        f"{counted(counts.forms, FORM_ROWS.noun)}",
        "imports": _last_imports(LAST),
        "sorts": (TEAM_ROWS, FORM_ROWS),
        "can_export": EXPORT in settings.MTDATA_KINDS,
    }
    return render(request, "programme/overview.html", known)


def cards(ours: Settings) -> list[Card]:
    """One small card; none where nobody has brought anything."""
    counts = table_counts(ours)
    if not counts.is_used:
        return []
    return [Card("programme/card.html", {"counts": counts, "last": _last_imports(1)})]


def _last_imports(most: int) -> list[dict[str, Any]]:
    return job_lines(queries.job_page(within=Q(kind__in=list(BY_KIND)), size=most).jobs)
