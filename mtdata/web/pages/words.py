"""What several pages say and do alike: spans in words, what comes of an order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from mtdata.core.errors import MTDataError, RecordsError

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


def span_left(seconds: float | None) -> str:
    """A span to come, which is a guess: "about 12 min", with no seconds; '' for none."""
    if seconds is None:
        return ""
    if seconds < MINUTE_S:
        return "under a minute"
    return f"about {span(MINUTE_S * round(seconds / MINUTE_S))}"


def span_between(began: datetime | None, ended: datetime | None) -> str:
    """The time between the two in words; '' where one of them is not known."""
    if began is None or ended is None or ended < began:
        return ""
    return span((ended - began).total_seconds())


def counted(count: int, noun: str) -> str:
    """A number of things, as "1 row" or "1,200 rows"."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


@contextmanager
def refusals_shown(
    request: HttpRequest, kind: type[MTDataError], left: str = "Nothing was changed"
) -> Iterator[None]:
    """Show why an order was refused; that the records are away is told elsewhere."""
    try:
        yield
    except RecordsError:
        raise
    except kind as error:
        messages.warning(request, f"{left}: {error}.")
