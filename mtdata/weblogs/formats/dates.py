"""The times that logs write, as aware UTC; what says no zone is UTC.  It knows no clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from mtdata.core.border import Border

Moment = Callable[[str], datetime]
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
ZONE = r"(?: ?(Z|[+-]\d\d:?\d\d))?"
CLF = re.compile(r"(\d\d?)/([A-Za-z]{3})/(\d{4}):(\d\d):(\d\d):(\d\d)(?:[.,]\d+)?" + ZONE, re.ASCII)
ISO = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)[T \t](\d\d):(\d\d):(\d\d)(?:[.,]\d+)?" + ZONE, re.ASCII)
EPOCH = re.compile(r"(\d{1,11})(?:\.\d*)?", re.ASCII)
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


def moment(text: str) -> datetime:
    """10/Oct/2000:13:55:36 -0700, 2000-10-10T13:55:36+02:00 or seconds since 1970, to the second.

    ValueError for anything else, February 30 included; a leap second is the second before it.
    """
    with Border(ValueError, "no time"):
        if found := CLF.fullmatch(text):
            day, name, year, *clock, zone = found.groups()
            return _utc(int(year), 1 + MONTHS.index(name.lower()), int(day), clock, zone)
        if found := ISO.fullmatch(text):
            year, month, day, *clock, zone = found.groups()
            return _utc(int(year), int(month), int(day), clock, zone)
        if found := EPOCH.fullmatch(text):
            return BEGIN + timedelta(seconds=int(found[1]))
    raise ValueError("no time")


def _utc(year: int, month: int, day: int, clock: list[str], zone: str | None) -> datetime:
    hour, minute, second = map(int, clock)
    local = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    if second > 60:
        raise ValueError("no time")
    return local - _offset(zone)


def _offset(zone: str | None) -> timedelta:
    if zone in (None, "Z"):
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 18 or minutes > 59:
        raise ValueError("no zone")
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if zone[0] == "-" else offset


def written_as(form: str) -> Moment:
    """How to read a time in a form of strptime's; what it gives raises ValueError."""

    def read(text: str) -> datetime:
        with Border(ValueError, "no time"):
            found = datetime.strptime(text, form)
            zoned = found if found.tzinfo else found.replace(tzinfo=UTC)
            return zoned.astimezone(UTC)

    return read
