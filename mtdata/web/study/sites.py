"""How every site stands: a card of the overview, and an operation of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from ninja import Query

from mtdata.config import Settings
from mtdata.core.clock import SystemClock
from mtdata.web import charts
from mtdata.web.api import asked
from mtdata.web.api.cursors import page_of_keys
from mtdata.web.room import Card, Need
from mtdata.web.study import states
from mtdata.web.templatetags.ages import lasting

STRIPS = (("collected", "Rounds"), ("kept", "Scales that stay"))
TOTALS = ("rows", "held", "owed", "waiting")
LEVELS = ["bad", "warn", "good", "quiet"]
DUE = "Due, nobody runs"
TODO = "See whether mtdata daemon, its timer or cron runs."


def list_sites(request: HttpRequest, wanted: Query[asked.NamesWanted]) -> dict[str, Any]:
    """List by name how each site's pool stands, as `mtdata status --json` prints it.

    It is read at most once in five seconds. Of a site without a pool there is `absent` alone, of
    one whose pool cannot be read `fault`.  A page beyond the last is the last.
    """
    ours = settings.MTDATA
    names = sorted(site.name for site in ours.sites)
    paged = page_of_keys(names, wanted.page, wanted.size, wanted.cursor or None)
    return {"sites": {name: states.status(ours, name) for name in paged.keys}, **paged.paging()}


def cards(ours: Settings) -> list[Card]:
    """One card with a line for each site; none where no site is configured."""
    glances = states.glances(ours)
    if not glances:
        return []
    sites = sorted((_site(name, state) for name, state in glances.items()), key=_order)
    needs = [need for site in sites if (need := _need(site))]
    return [Card("web/sites_card.html", {"sites": sites}, needs)]


def _order(site: dict[str, Any]) -> int:
    """What somebody has to see to comes first; else the order is that of the config."""
    if site.get("fault"):
        return 0
    state = site.get("state")
    return LEVELS.index(state["level"]) if state else len(LEVELS)


def _site(name: str, state: dict[str, Any]) -> dict[str, Any]:
    if "new_rows" not in state:
        fault = state.get("fault")
        return {"name": name, "fault": fault, "told": fault or state.get("absent")}
    is_known = state["last_round"] and state["last_round"]["exit"] in (0, 1)
    return {
        "name": name,
        "state": state,
        "word": word_of(state),
        "held": state["held"],
        "today": list(state["new_rows"].values())[-1],
        "there": f"{state['rows_on_site']:,}" if is_known else "not known",
        "chart": charts.small(state["new_rows"], f"New rows per day of {name}"),
    }


def word_of(state: dict[str, Any]) -> str:
    """The state of a site as a line shows it, with the age that makes it so."""
    if state["state"] == "Well" and state["last_good"]:
        return f"On time, {lasting(state['last_good']['age_s'])} ago"
    if state["state"] == DUE and state["next_round_at"]:
        late = SystemClock().now() - datetime.fromisoformat(state["next_round_at"])
        return f"due {lasting(late.total_seconds())} ago, nobody runs"
    return str(state["state"])


def _need(site: dict[str, Any]) -> Need | None:
    """What no incident tells of: a pool that cannot be read, a round that nobody begins."""
    name, to = site["name"], reverse("pool_of", args=[site["name"]])
    if fault := site.get("fault"):
        return Need("bad", f"{name}: the pool cannot be read", fault, to, "Look")
    state = site.get("state")
    if state and state["level"] in ("bad", "warn") and not state["incidents"]:
        return Need(state["level"], f"{name}: {site['word']}", TODO, to, "Look")
    return None


def facts(name: str, state: dict[str, Any], rounds: dict[str, Any]) -> dict[str, Any]:
    """What the page of one pool shows above all: sums over its scales, and charts."""
    scales = state["scales"].values()
    return {
        "word": word_of(state),
        "totals": {key: sum(one[key] for one in scales) for key in TOTALS},
        "today": list(state["new_rows"].values())[-1],
        "chart": charts.rows_per_day(state["new_rows"], f"New rows per day of {name}"),
        "strips": [
            (label, charts.strip(rounds[sort], f"{label} of {name}"))
            for sort, label in STRIPS
            if sort in rounds
        ],
        "days": days(state, rounds),
    }


def days(state: dict[str, Any], rounds: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What the charts show as a table: day, new rows, and in words the rounds of each strip."""
    return [
        (
            day,
            count,
            *(charts.told_of_day(*rounds.get(sort, {}).get(day, (0, 0))) for sort, _ in STRIPS),
        )
        for day, count in state["new_rows"].items()
    ]
