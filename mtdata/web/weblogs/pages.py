"""The pages of web logs: all sites, one with a bar a day, and a day file by file.

They show what the ledgers have; nothing is asked of a bucket or of Matomo, and no line is shown.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.config.weblogs import WeblogSite
from mtdata.jobs.kind import FIRST_DAY
from mtdata.jobs.records import queries
from mtdata.jobs.title import in_words
from mtdata.web.pages.job_lines import job_lines
from mtdata.web.paging import number_in, text_in
from mtdata.web.weblogs.explained import (
    of_batches,
    of_files,
    of_reasons,
    of_steps,
)
from mtdata.web.weblogs.sites import chart, every_day, sites, totals
from mtdata.web.weblogs.standing import (
    DAYS,
    SiteStanding,
    Unread,
    looked,
    standing_of,
    state_of_day,
    yesterday,
)
from mtdata.weblogs.jobs import IMPORT, KIND
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.day_lines import DayLines, day_lines
from mtdata.weblogs.ledger.days import DayState
from mtdata.weblogs.ledger.doubts import DoubtfulPage, doubtful_page
from mtdata.weblogs.ledger.summary import DaySummary, day_summary

MOST_DAYS, MOST_BATCHES, SIZE, MOST_JOBS = 400, 20, 50, 5
SPANS = (("30 days", 30), ("90 days", 90), ("A year", 365))


class LookAtSite(NamedTuple):
    """What a page of a site needs of its ledger."""

    known: SiteStanding
    days: list[DayLines]
    doubts: DoubtfulPage


class LookAtDay(NamedTuple):
    """What a page of a day needs of the ledger."""

    lines: list[DayLines]
    summary: DaySummary
    steps: DayState
    doubts: DoubtfulPage


def all_sites(request: HttpRequest) -> HttpResponse:
    """List the sites."""
    lines = sites(settings.MTDATA)
    needing = sum(line["state"].level in ("bad", "warn") for line in lines)
    card = {"shown": {"sites": lines, "days": DAYS, "is_whole": True}}
    return render(request, "web/weblogs.html", {"card": card, "needing": needing})


def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show the days of a site, from one to another."""
    site = _site(name)
    asked = _asked_days(request)

    def look(ledger: WeblogLedger) -> LookAtSite:
        known = standing_of(site, ledger)
        days = day_lines(ledger.database, *_range(asked, known.end))
        return LookAtSite(known, days, doubtful_page(ledger.database, MOST_BATCHES))

    found = looked(settings.MTDATA, site, look)
    known: dict[str, Any] = {"name": name, "kind": IMPORT, "spans": SPANS}
    known |= {"daily": site.daily, "zone": site.zone.key, "most_days": MOST_DAYS}
    if isinstance(found, Unread):
        return render(request, "web/weblogs_site.html", known | {"unread": found})
    ends = found.known.ends
    first, last = _range(asked, found.known.end)
    days = every_day(found.days, first, last)
    since_first = [one for one in reversed(days) if not ends or one.day >= ends[0]]
    page = Paginator(since_first, SIZE).get_page(number_in(request.GET, "page", 1))
    known |= {
        "known": found.known,
        "first": first,
        "last": last,
        "spans": [_span(found.known.end, label, count) for label, count in SPANS],
        "totals": totals(days),
        "most": max(one.lines for one in days),
        "chart": chart(days, f"Lines per day of {name}"),
        "page": page,
        "days": [(one, state_of_day(one)) for one in page],
        "reasons": of_reasons(found.days),
        "doubts": of_batches(request, name, found.doubts),
    }
    return render(request, "web/weblogs_site.html", known)


def show_day(request: HttpRequest, name: str, day: str) -> HttpResponse:
    """Show a day of a site, file by file."""
    site, of_day = _site(name), _day(day)
    if of_day is None or not FIRST_DAY <= of_day <= yesterday(site) + timedelta(days=2):
        raise Http404

    def look(ledger: WeblogLedger) -> LookAtDay:
        return LookAtDay(
            day_lines(ledger.database, of_day, of_day),
            day_summary(ledger.database, ledger.logs, of_day),
            ledger.days.state(of_day),
            doubtful_page(ledger.database, MOST_BATCHES, of_day),
        )

    found = looked(settings.MTDATA, site, look)
    known: dict[str, Any] = {
        "name": name,
        "day": of_day,
        "title": in_words(of_day),
        "kind": IMPORT,
        "before": of_day - timedelta(days=1),
        "after": of_day + timedelta(days=1) if of_day <= yesterday(site) else None,
        "jobs": _jobs(name, of_day),
    }
    if isinstance(found, Unread):
        lines = DayLines(of_day)
        known["unread"] = found
    else:
        lines = found.lines[0] if found.lines else DayLines(of_day)
        known |= {
            "files": of_files(found.summary, number_in(request.GET, "page", 1), SIZE),
            "steps": of_steps(found.steps),
            "doubts": of_batches(request, name, found.doubts),
        }
    known |= {"lines": lines, "state": state_of_day(lines), "reasons": of_reasons([lines])}
    return render(request, "web/weblogs_day.html", known)


def _site(name: str) -> WeblogSite:
    for site in settings.MTDATA.weblogs.sites:
        if site.domain == name:
            found: WeblogSite = site
            return found
    raise Http404


def _day(word: str) -> date | None:
    try:
        found = date.fromisoformat(word)
    except ValueError:
        return None
    return found if found.isoformat() == word else None


def _asked_days(request: HttpRequest) -> tuple[date | None, date | None]:
    """From which day to which the address asks; what is no day there is as if it were not."""
    first, last = (_day(text_in(request.GET, name, 10)) for name in ("from", "to"))
    return first, last


def _range(asked: tuple[date | None, date | None], end: date) -> tuple[date, date]:
    """The days that are shown, MOST_DAYS at most and none of a far future."""
    first, last = asked
    last = max(FIRST_DAY, min(last or end, end + timedelta(days=1)))
    least = max(FIRST_DAY, last - timedelta(days=MOST_DAYS - 1))
    first = first or last - timedelta(days=DAYS - 1)
    return min(max(first, least), last), last


def _span(end: date, label: str, count: int) -> dict[str, Any]:
    return {"label": label, "from": end - timedelta(days=count - 1), "to": end}


def _jobs(name: str, day: date) -> list[dict[str, Any]]:
    """The newest jobs that import that day."""
    key = KIND.key({"site": name, "day": day.isoformat()})
    found = queries.job_page(kind=IMPORT, within=Q(key=key), size=MOST_JOBS)
    return job_lines(found.jobs)
