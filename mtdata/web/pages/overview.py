"""The first page: how every site and the jobs stand, in one look; it asks no site anything."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.jobs.records import runner_view
from mtdata.jobs.states import Status
from mtdata.web import charts, pools
from mtdata.web.access.roles import is_guest
from mtdata.web.pages.words import see

STRIPS = (("collected", "Rounds"), ("kept", "Scales that stay"))


def first(request: HttpRequest) -> HttpResponse:
    """Where one comes in: a guest sees jobs and no site."""
    return see("jobs") if is_guest(request.user) else show(request)


def show(request: HttpRequest) -> HttpResponse:
    """Show the overview."""
    return render(request, "web/overview.html", _context())


def piece(request: HttpRequest) -> HttpResponse:
    """The piece of the overview that is polled."""
    return render(request, "web/overview_live.html", _context())


def _context() -> dict[str, Any]:
    ours = settings.MTDATA
    standing, rounds = pools.standing(ours), pools.rounds(ours)
    counts, alive = runner_view.jobs_by_status(), runner_view.live_count(ours.programme.sweep_s)
    sites = [_site(name, state, rounds.get(name, {})) for name, state in standing.items()]
    return {
        "sites": sorted(sites, key=_trouble),
        "jobs": counts,
        "runners": alive,
        "nobody_carries": counts[Status.QUEUED] > 0 and not alive,
    }


def _trouble(site: dict[str, Any]) -> int:
    """What somebody has to see to comes first; else the order is that of the config."""
    if site.get("fault"):
        return 0
    return 2 if site.get("absent") or not site["state"]["overdue"] else 1


def _site(name: str, state: dict[str, Any], rounds: dict[str, Any]) -> dict[str, Any]:
    if "new_rows" not in state:
        return {"name": name, "fault": state.get("fault"), "absent": state.get("absent")}
    scales = state["scales"].values()
    return {
        "name": name,
        "state": state,
        "totals": {word: sum(one[word] for one in scales) for word in ("rows", "held", "waiting")}
        | {"owed": sum(one["owed"] for one in scales)},
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
