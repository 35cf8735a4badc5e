"""The pieces of which pages are made, shown once: for who builds pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.web import charts

STATES = (("good", "Success"), ("run", "In Progress"), ("warn", "Stopped"), ("bad", "Failed"))
SORTS = {"bar": "stored", "calm": "skipped", "bad": "in doubt"}
HOURS = 24


def show(request: HttpRequest) -> HttpResponse:
    """Show them."""
    cells = [(f"{hour:02}", _level(hour)) for hour in range(HOURS)]
    days = {f"2026-11-{day:02}": day * day % 23 for day in range(15, 29)}
    parts = {day: (count, count // 2, int(count == 3)) for day, count in days.items()}
    known = {
        "states": [*STATES, ("", "Queued")],
        "cells": cells,
        "stacked": charts.stacked(parts, SORTS, "Lines per day of an example"),
        "sorts": SORTS,
        "chart": charts.small(days, "Rows per day of an example"),
        "digest": "4f1c0d" * 10 + "9be2",
    }
    return render(request, "web/style.html", known)


def _level(hour: int) -> str:
    return {9: "warn", 14: "run"}.get(hour, "good" if hour < 14 else "")
