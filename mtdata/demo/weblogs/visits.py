"""Visits out of hits by Matomo's rules, and the figures of a day; it keeps no hit."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

VISIT_LENGTH = timedelta(seconds=1800)
MOST_ACTIONS = 10_000
KINDS = {
    "pageview": "nb_pageviews",
    "download": "nb_downloads",
    "outlink": "nb_outlinks",
    "search": "nb_searches",
}
"""Which figure of Actions.get a kind of action counts in; events have one of their own."""


@dataclass(eq=False, slots=True)
class MatomoVisit:
    """What one visitor did without a break; `length_s` is 0 for a single action."""

    visitor: Any
    first: datetime
    last: datetime
    day: date
    length_s: int = 0
    actions: int = 1


@dataclass(slots=True)
class _DayOfSite:
    visits: list[MatomoVisit] = field(default_factory=list)
    by_visitor: dict[tuple[str, ...], list[MatomoVisit]] = field(
        default_factory=lambda: defaultdict(list)
    )
    kinds: Counter[str] = field(default_factory=Counter)


class MatomoVisits:
    """All visits; hits join them in the order in which they come, not in that of their times."""

    def __init__(self) -> None:
        self._days: dict[tuple[int, date], _DayOfSite] = defaultdict(_DayOfSite)

    def add(
        self, idsite: int, visitor: tuple[str, ...], kind: str, at: datetime, zone: tzinfo
    ) -> date:
        """Count an action; the day of the site that it belongs to."""
        day = at.astimezone(zone).date()
        of_day = self._days[idsite, day]
        of_day.kinds[kind] += 1
        visit = self._joined(idsite, visitor, at, zone)
        if visit is None:
            # Without an id of its own each visit is a new visitor.
            known: Any = visitor if visitor[0] in ("cid", "uid") else object()
            visit = MatomoVisit(known, at, at, day)
            of_day.visits.append(visit)
            of_day.by_visitor[visitor].append(visit)
            return day
        visit.last, visit.actions = at, visit.actions + 1
        visit.length_s = max(0, 1 + int((at - visit.first).total_seconds()))
        return day

    def _joined(
        self, idsite: int, visitor: tuple[str, ...], at: datetime, zone: tzinfo
    ) -> MatomoVisit | None:
        """The visit that a hit goes on with: the visitor's latest within half an hour of it.

        None begins a new one: so do a gap of exactly half an hour, the site's midnight and 10,000
        actions.
        """
        day = at.astimezone(zone).date()
        later = (at + VISIT_LENGTH).astimezone(zone).date()
        near = [
            visit
            for known_day in {day, later}
            if (of_day := self._days.get((idsite, known_day))) is not None
            for visit in of_day.by_visitor.get(visitor, ())
            if at - VISIT_LENGTH < visit.last <= at + VISIT_LENGTH
        ]
        latest = max(near, key=lambda visit: visit.last, default=None)
        if latest is None or latest.day != day or latest.actions >= MOST_ACTIONS:
            return None
        return latest

    def day_report(self, idsite: int, day: date) -> dict[str, int]:
        """The figures of a day, all 0 where nothing was."""
        of_day = self._days.get((idsite, day), _DayOfSite())
        visits = of_day.visits
        lengths = [visit.length_s for visit in visits]
        counts = {name: of_day.kinds[kind] for kind, name in KINDS.items()}
        return counts | {
            "nb_uniq_visitors": len({visit.visitor for visit in visits}),
            "nb_users": len({v.visitor for v in visits if _has_uid(v)}),
            "nb_visits": len(visits),
            "nb_actions": sum(visit.actions for visit in visits),
            "bounce_count": sum(visit.actions == 1 for visit in visits),
            "sum_visit_length": sum(lengths),
            "max_actions": max((visit.actions for visit in visits), default=0),
        }


def _has_uid(visit: MatomoVisit) -> bool:
    return isinstance(visit.visitor, tuple) and visit.visitor[0] == "uid"
