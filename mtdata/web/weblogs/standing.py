"""How the sites of web logs stand by their ledgers, read at most once in a few seconds.

It asks no bucket and no Matomo, and takes nobody's turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple, TypeVar

from mtdata import logs
from mtdata.alerts.incident import Incident
from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.levels import LEVELS, ORDER
from mtdata.config import Settings
from mtdata.config.weblogs import WeblogSite
from mtdata.core.clock import SystemClock
from mtdata.core.errors import MTDataError
from mtdata.web.cached_look import CachedLook
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.day_lines import DayLines, day_lines, first_and_last
from mtdata.weblogs.operations.opening import ledger_path, ledger_to_read

DAYS = 30
NOTHING = "nothing was imported yet"
SHORT = {
    "lines_unknown": "Put back",
    "tracker_refused": "Refused",
    "tracker_unreachable": "Not reachable",
    "lines_in_doubt": "Hits in doubt",
    "log_unreadable": "Logs not read",
    "reports_differ": "Reports differ",
}
"""Incidents of a site, as its line calls them; of two that are as grave the first is told."""
Seen = TypeVar("Seen")


class StateWord(NamedTuple):
    """A state as a page shows it: a level of the sheet ('' for none), and its word."""

    level: str
    word: str


class SiteStanding(NamedTuple):
    """A site by its ledger: its last days up to `end`, and what is open."""

    zone_yesterday: date
    daily: str
    ends: tuple[date, date] | None
    """The first and the last day of which there are logs."""
    days: tuple[DayLines, ...]
    incidents: tuple[Incident, ...]

    @property
    def end(self) -> date:
        """The last day that is shown: yesterday in the site's zone, or one of later logs."""
        return max(self.zone_yesterday, self.ends[1]) if self.ends else self.zone_yesterday

    @property
    def state(self) -> StateWord:
        """What of it is the gravest."""
        if self.incidents:
            gravest = min(self.incidents, key=_gravity)
            is_bad = LEVELS[KINDS[gravest.kind].level] > LEVELS["warning"]
            return StateWord("bad" if is_bad else "warn", SHORT.get(gravest.kind, "Trouble"))
        if self.ends is None:
            return StateWord("", "Nothing imported")
        if any(one.doubtful for one in self.days):
            return StateWord("warn", SHORT["lines_in_doubt"])
        behind = (self.zone_yesterday - self.ends[1]).days
        if behind > 0:
            return StateWord("warn" if self.daily else "", f"{_days(behind)} behind")
        return StateWord("good", "Up to date")


class Unread(NamedTuple):
    """A site of which nothing can be told: why, and whether that is a fault."""

    words: str
    is_fault: bool


def _gravity(incident: Incident) -> tuple[int, int]:
    """What is graver is less; of two alike the one that comes first in SHORT."""
    order = [*SHORT].index(incident.kind) if incident.kind in SHORT else len(SHORT)
    return ORDER[KINDS[incident.kind].level], order


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count:,} days"


def yesterday(site: WeblogSite) -> date:
    """The last day that is over in the site's zone."""
    return SystemClock().now().astimezone(site.zone).date() - timedelta(days=1)


def looked(
    settings: Settings, site: WeblogSite, look: Callable[[WeblogLedger], Seen]
) -> Seen | Unread:
    """What a look into the ledger of a site finds; why there is none where it cannot be read."""
    with logs.at(site=site.domain):
        try:
            with ledger_to_read(settings, site.domain) as ledger:
                return Unread(NOTHING, is_fault=False) if ledger is None else look(ledger)
        except MTDataError as error:
            return Unread(str(error), is_fault=True)
        except OSError as error:
            path = ledger_path(settings, site.domain)
            return Unread(f"{path}: the ledger cannot be read: {error.strerror}", is_fault=True)


def standing_of(site: WeblogSite, ledger: WeblogLedger) -> SiteStanding:
    """How a site stands by its open ledger."""
    ends = first_and_last(ledger.database)
    daily = site.daily.strftime("%H:%M") if site.daily else ""
    incidents = tuple(ledger.incidents.open_incidents())
    known = SiteStanding(yesterday(site), daily, ends, (), incidents)
    first = known.end - timedelta(days=DAYS - 1)
    return known._replace(days=tuple(day_lines(ledger.database, first, known.end)))


def _by_site(settings: Settings) -> dict[str, SiteStanding | Unread]:
    return {
        site.domain: looked(settings, site, partial(standing_of, site))
        for site in settings.weblogs.sites
    }


standing = CachedLook(_by_site)
"""How each site stands, by its domain; the fault of one does not end the others' turn."""


def known_incidents(settings: Settings) -> Mapping[str, tuple[Incident, ...]]:
    """The open incidents of each site that was looked at a moment ago; it opens no ledger."""
    found = standing.if_fresh(settings) or {}
    return {name: one.incidents for name, one in found.items() if isinstance(one, SiteStanding)}


def state_of_day(day: DayLines) -> StateWord:
    """How a day stands in a word."""
    if not day.logs:
        return StateWord("", "Nothing imported")
    if day.quarantined:
        return StateWord("bad", SHORT["lines_in_doubt"])
    if day.invalid:
        return StateWord("warn", "Hits invalid")
    if day.waiting:
        return StateWord("run", "Not all sent")
    if day.unread:
        return StateWord("warn", SHORT["log_unreadable"])
    return StateWord("good", "Imported")
