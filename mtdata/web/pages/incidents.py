"""Troubles of the sites and of the program: what happened, what is safe, what to do; and closing.

Closing is what `mtdata incidents SITE --close NUMBER` does, and no more.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata import logs
from mtdata.alerts import notify
from mtdata.alerts.incident import KINDS, Incident
from mtdata.alerts.levels import ORDER
from mtdata.config import Settings, SiteConfig
from mtdata.core.checks import PROGRAM
from mtdata.core.errors import MTDataError, UsageError
from mtdata.study.model.bounds import MAX_ID
from mtdata.study.operations import incidents as books
from mtdata.study.operations.opening import has_pool
from mtdata.study.status import overview
from mtdata.web import pools
from mtdata.web.pages.words import see
from mtdata.web.paging import number_in, text_in

log = logging.getLogger(__name__)
SIZE = 50


def show(request: HttpRequest) -> HttpResponse:
    """The open ones of all or one of the books; `?show=closed` the closed ones of one."""
    ours: Settings = settings.MTDATA
    names = [*(site.name for site in ours.sites), PROGRAM]
    book = text_in(request.GET, "site")
    if book and book not in names:
        raise Http404
    closed = request.GET.get("show") == "closed"
    known: dict[str, Any] = {"books": names, "book": book, "closed": closed}
    if closed:
        known["book"] = book or names[0]
        known |= _closed(ours, known["book"], number_in(request.GET, "before", MAX_ID))
    else:
        known |= _open(ours, [book] if book else names, number_in(request.GET, "page", 1))
    return render(request, "web/incidents.html", known)


def _open(ours: Settings, books: list[str], page: int) -> dict[str, Any]:
    """The gravest first, of these the newest."""
    found: list[tuple[str, dict[str, Any]]] = []
    faults = {}
    for book in books:
        try:
            found += [(book, one) for one in _of_book(ours, book)]
        except (MTDataError, OSError) as error:
            faults[book] = str(error)
    found.sort(key=lambda pair: pair[1]["last_at"], reverse=True)
    found.sort(key=lambda pair: ORDER[pair[1]["level"]])
    pages = max(1, -(-len(found) // SIZE))
    page = min(page, pages)
    at = {
        "page": page,
        "pages": pages,
        "total": len(found),
        "previous": page - 1,
        "next": page + 1,
    }
    shown = found[(page - 1) * SIZE : page * SIZE]
    return {"incidents": [_incident_row(*pair) for pair in shown], "at": at, "faults": faults}


def _of_book(ours: Settings, book: str) -> list[dict[str, Any]]:
    if book == PROGRAM:
        return [overview.incident_json(one) for one in notify.program_incidents(ours)]
    site = ours.site(book)
    return books.incidents(site, closed_too=False) if has_pool(site) else []


def _closed(ours: Settings, book: str, before: int) -> dict[str, Any]:
    try:
        found = _closed_of(ours, book, before)
    except MTDataError as error:
        return {"incidents": [], "faults": {book: str(error)}}
    shown = [_incident_row(book, overview.incident_json(one)) for one in found[:SIZE]]
    older = found[SIZE - 1].number if len(found) > SIZE else None
    return {"incidents": shown, "older": older, "faults": {}, "is_later": before != MAX_ID}


def _closed_of(ours: Settings, book: str, before: int) -> list[Incident]:
    if book == PROGRAM:
        return notify.closed_incidents(ours, before, SIZE + 1)
    return books.closed_incidents(ours.site(book), before, SIZE + 1)


def _incident_row(book: str, one: dict[str, Any]) -> dict[str, Any]:
    return {
        **one,
        "book": book,
        "means": KINDS[one["kind"]],
        "may_close": book != PROGRAM and one["closed_at"] is None,
    }


def close(request: HttpRequest) -> HttpResponse:
    """Somebody looked at it.  UsageError when it is not open."""
    site, number = _site(request.POST), number_in(request.POST, "number", 0)
    if not has_pool(site) or not books.close_incident(site, number):
        raise UsageError(f"{site.name} has no open incident {number}")
    pools.forget()
    with logs.at(site=site.name):
        log.info("%s closed the incident %d", request.user.get_username(), number)
    messages.success(request, f"Incident {number} of {site.name} is closed.")
    return see("incidents")


def _site(given: Any) -> SiteConfig:
    name = text_in(given, "site")
    for site in settings.MTDATA.sites:
        if site.name == name:
            found: SiteConfig = site
            return found
    raise Http404
