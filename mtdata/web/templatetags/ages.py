"""Moments, lengths, sizes and names as people read them: `{% load ages %}`, `{% age moment %}`."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mtdata.core.clock import SystemClock
from mtdata.core.words import size

register = template.Library()
UNITS = (("days", 86_400), ("h", 3_600), ("min", 60))
NAME_END = 14


def _moment(value: datetime | str | None) -> datetime | None:
    if isinstance(value, str):
        return datetime.fromisoformat(value) if value else None
    return value


def lasting(seconds: float) -> str:
    """A length of time in the largest unit that tells it well."""
    for unit, length in UNITS:
        if abs(seconds) >= 2 * length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def age(value: datetime | str | None, never: str = "never") -> SafeString | str:
    """How long ago (or how soon), with the moment itself for who points at it."""
    moment = _moment(value)
    if moment is None:
        return never
    seconds = (SystemClock().now() - moment).total_seconds()
    words = f"{lasting(seconds)} ago" if seconds >= 0 else f"in {lasting(-seconds)}"
    at = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        at.isoformat(timespec="seconds"),
        at.strftime("%Y-%m-%d %H:%M:%S"),
        words,
    )


def utc(value: datetime | str | None) -> str:
    """A moment as day and minute, UTC."""
    moment = _moment(value)
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def coded(words: str) -> list[tuple[bool, str]]:
    """What stands between backticks apart from the rest: (is code, text); HTML stays whole."""
    if isinstance(words, SafeString):
        return [(False, words)]
    return [(bool(place % 2), text) for place, text in enumerate(words.split("`")) if text]


def in_halves(name: str) -> tuple[str, str]:
    """A long name in two, of which the sheet shortens the first: the end tells most."""
    at = len(name) - NAME_END if len(name) > 2 * NAME_END else len(name)
    return name[:at], name[at:]


register.simple_tag(age)
register.filter("bytes_told", size)
for made in (lasting, utc, coded, in_halves):
    register.filter(made.__name__, made)
