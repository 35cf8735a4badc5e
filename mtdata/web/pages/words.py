"""What several pages say and do alike: spans in words, and where one goes after an order."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


def see(name: str, *of_path: Any) -> HttpResponse:
    """The page to look at after an order; reloading it orders nothing again."""
    return HttpResponseRedirect(resolve_url(name, *of_path), status=303)


def span(seconds: float | None) -> str:
    """A span of time as people say it; '' for none."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    for unit, name, below, lesser in (
        (DAY_S, "d", HOUR_S, "h"),
        (HOUR_S, "h", MINUTE_S, "min"),
        (MINUTE_S, "min", 1, "s"),
    ):
        if whole >= unit:
            rest = whole % unit // below
            return f"{whole // unit} {name}" + (f" {rest} {lesser}" if rest else "")
    return f"{whole} s"
