"""What a job is called by people: its kind and what was asked for, in words; it reads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from mtdata.core.border import Border
from mtdata.core.errors import JobError
from mtdata.jobs.kind import Kind, in_order


class Title(NamedTuple):
    """`words` as "Clicks, 10 to 12 January 2016", and whose they are as "account first" or ''."""

    words: str
    whose: str


def title_of(kind: Kind | None, name: str, parameters: Mapping[str, Any]) -> Title:
    """The title of an order; its `name` where nobody knows its kind any more."""
    if kind is None:
        return Title(name, "")
    told = [kind.title or kind.name]
    if kind.told is not None:
        with Border(JobError, "an order that is damaged"):
            return Title(", ".join([*told, *kind.told(dict(parameters))]), "")
    kept = in_order(kind, parameters)
    left = {key: str(value) for key, value in kept.items() if value not in ("", None)}
    whose = left.pop(kind.account, "") if kind.account else ""
    if kind.ranges and set(kind.ranges) <= left.keys():
        told.append(days_in_words(*(left.pop(key) for key in kind.ranges)))
    for key, value in left.items():
        told.append(_value(key, value))
    return Title(", ".join(told), f"{kind.account} {whose}" if whose else "")


def _value(key: str, value: str) -> str:
    if day := _day(value):
        return in_words(day) if key == "day" else f"{key} {in_words(day)}"
    return f"every {key}" if value == "." else value


def days_in_words(first: str, last: str) -> str:
    """Days from the first to the last, both ISO; as they stand where one is no day."""
    start, end = _day(first), _day(last)
    if start is None or end is None:
        return f"{first} to {last}"
    if start == end:
        return in_words(start)
    if start.year != end.year:
        return f"{in_words(start)} to {in_words(end)}"
    if start.month != end.month:
        return f"{start.day} {start:%B} to {in_words(end)}"
    return f"{start.day} to {in_words(end)}"


def in_words(day: date) -> str:
    """A day as "10 January 2016"."""
    return f"{day.day} {day:%B} {day.year}"


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
