"""Which objects belong to a site's day; pure: it lists nothing and knows no clock.

By the date in the key, which stands as the day it names, whatever the zone; or by the moment of the
upload, in a day of the site's zone from its midnight to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum

from mtdata.config.weblog_values import expanded_prefix, named_day, varies_by_day
from mtdata.config.weblogs import WeblogSite
from mtdata.weblogs.source import LogObject


class Belonging(Enum):
    """What an object of the listing is to a site's day."""

    DAY = "of that day"
    OTHER_DAY = "of another day"
    OTHER_KEY = "its key is not of key_pattern"
    NO_DATE = "its key holds no date of date_format"


@dataclass(frozen=True, slots=True)
class DaySpan:
    """A day of a zone, half-open, in UTC: 23, 24 or 25 hours."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether an aware moment lies in it."""
        return self.start <= moment < self.end


def day_span(site: WeblogSite, day: date) -> DaySpan:
    """From that day's midnight in the site's zone to the next."""
    first, following = (
        datetime.combine(one, time(), site.zone).astimezone(UTC)
        for one in (day, day + timedelta(days=1))
    )
    return DaySpan(first, following)


def prefixes(site: WeblogSite, day: date) -> tuple[str, ...]:
    """What is to be listed for the day, as little as there can be.

    Where objects count by their upload and the prefix names days, those of the days that the span
    touches in UTC and in the zone, and of the day before: uploads come after the day in the name.
    """
    if site.by == "key" or not varies_by_day(site.pull_prefix):
        return (expanded_prefix(site.pull_prefix, site.domain, day),)
    near = [day + timedelta(days=number) for number in (-1, 0, 1)]
    return tuple(dict.fromkeys(expanded_prefix(site.pull_prefix, site.domain, d) for d in near))


def belonging(site: WeblogSite, day: date, listed: LogObject) -> Belonging:
    """What one object is to that day."""
    found = site.key_pattern.search(listed.key) if site.key_pattern else None
    if site.key_pattern and not found:
        return Belonging.OTHER_KEY
    if site.by == "last_modified" or not found:
        is_ours = day_span(site, day).holds(listed.modified)
        return Belonging.DAY if is_ours else Belonging.OTHER_DAY
    named = named_day(found["date"] or "", site.date_format)
    if named is None:
        return Belonging.NO_DATE
    return Belonging.DAY if named == day else Belonging.OTHER_DAY


def of_day(site: WeblogSite, day: date, listing: Iterable[LogObject]) -> Iterator[LogObject]:
    """The objects of that day alone, in the order of the listing."""
    return (one for one in listing if belonging(site, day, one) is Belonging.DAY)
