"""The sites of web logs in a line each: a card of the overview, and an operation of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from ninja import Query

from mtdata.config import Settings
from mtdata.web import charts
from mtdata.web.api import asked
from mtdata.web.api.cursors import page_of_keys
from mtdata.web.room import Card, Need
from mtdata.web.weblogs import standing
from mtdata.web.weblogs.standing import DAYS, SiteStanding, StateWord, Unread
from mtdata.weblogs.ledger.day_lines import DayLines, reasons

SORTS = {"bar": "stored", "calm": "skipped", "bad": "in doubt"}
"""The parts of a bar: classes of the sheet, each with its word."""
MOST_ON_CARD = 10
LEVELS = ("bad", "warn", "run", "", "good")


def sites(ours: Settings) -> list[dict[str, Any]]:
    """A line for each site; what somebody has to see to comes first."""
    lines = [_site(name, known) for name, known in standing.standing(ours).items()]
    return sorted(lines, key=lambda line: LEVELS.index(line["state"].level))


def cards(ours: Settings) -> list[Card]:
    """One card with a line for each site; none where no site is configured."""
    lines = sites(ours)
    if not lines:
        return []
    needs = [_need(line) for line in lines if line["fault"]]
    shown = {"sites": lines[:MOST_ON_CARD], "total": len(lines), "days": DAYS}
    return [Card("web/weblogs_card.html", shown, needs)]


def _site(name: str, known: SiteStanding | Unread) -> dict[str, Any]:
    if isinstance(known, Unread):
        state = (
            StateWord("bad", "Cannot be read")
            if known.is_fault
            else StateWord("", "Nothing imported")
        )
        fault = known.words if known.is_fault else ""
        return {"name": name, "state": state, "fault": fault, "unread": known.words}
    days = every_day(known.days, known.end - timedelta(days=DAYS - 1), known.end)
    return {
        "name": name,
        "state": known.state,
        "fault": "",
        "last": known.ends and known.ends[1],
        "totals": totals(days),
        "chart": chart(days, f"Lines per day of {name}", "small"),
    }


def _need(line: Mapping[str, Any]) -> Need:
    """What no incident can tell of: its ledger is where they stand."""
    title, to = f"{line['name']}: the ledger cannot be read", reverse("weblogs")
    return Need("bad", title, line["fault"], to, "Look")


def every_day(days: Sequence[DayLines], first: date, last: date) -> list[DayLines]:
    """Each day from the first to the last, also those without logs."""
    known = {one.day: one for one in days}
    span = [first + timedelta(days=after) for after in range((last - first).days + 1)]
    return [known.get(day) or DayLines(day) for day in span]


def totals(days: Sequence[DayLines]) -> dict[str, int]:
    """Sums over these days, by what is summed."""
    names = ("logs", "size", "lines", "hits", "tracked", "left_out", "doubtful", "waiting")
    return {name: sum(getattr(one, name) for one in days) for name in names}


def chart(days: Sequence[DayLines], label: str, look: str = "") -> SafeString:
    """A bar a day: stored, skipped and in doubt upon each other."""
    bars = {str(one.day): (one.tracked, one.left_out, one.doubtful) for one in days}
    return charts.stacked(bars, SORTS, label, look)


def list_weblog_sites(request: HttpRequest, wanted: Query[asked.NamesWanted]) -> dict[str, Any]:
    """List by domain how each site of web logs stands by its ledger, and its last 30 days.

    It is read at most once in five seconds. Of a site without a ledger there is `absent` alone, of
    one whose ledger cannot be read `fault`.  A page beyond the last is the last.
    """
    found = standing.standing(settings.MTDATA)
    paged = page_of_keys(sorted(found), wanted.page, wanted.size, wanted.cursor or None)
    return {"sites": {name: _site_json(found[name]) for name in paged.keys}, **paged.paging()}


def _site_json(known: SiteStanding | Unread) -> dict[str, Any]:
    if isinstance(known, Unread):
        return {"fault" if known.is_fault else "absent": known.words}
    return {
        "state": known.state.word,
        "level": known.state.level,
        "first_day": known.ends and known.ends[0],
        "last_day": known.ends and known.ends[1],
        "daily": known.daily or None,
        "incidents": [one.kind for one in known.incidents],
        "skipped": reasons(known.days),
        "days": [one.as_json() for one in known.days],
    }
