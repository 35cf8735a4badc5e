"""What is told of how a site stands: JSON, the API and its document, and numbers derive from it.

A class is called in the API's document as here, without the word Shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mtdata.alerts.shape import IncidentShape
from mtdata.core.plain import plain

PRINTED_FIRST = ("scales", "last_round", "last_good", "incidents", "deletes_blocked")
"""In `--json` these stand first, and all others in the order of SiteShape."""


@dataclass(frozen=True)
class EndedShape:
    """A round that ended."""

    ended_at: datetime
    age_s: int
    exit: int


@dataclass(frozen=True)
class ScaleShape:
    """How a scale stands."""

    deleteable: bool
    benchmark: int
    rows: int
    held: int
    owed: int
    waiting: int
    last_success_at: datetime | None
    on_site: int
    oldest_on_site_at: datetime | None
    oldest_on_site_s: int | None


@dataclass(frozen=True)
class DiskShape:
    """The disk of a pool."""

    free_bytes: int
    free_files: int | None  # None where the disk counts none
    grown_week_bytes: int


@dataclass(frozen=True)
class OnSiteShape:
    """What lies on the site, and since when its oldest entry is safe here."""

    rows: int
    max_records: int | None
    oldest_at: datetime | None
    oldest_s: int | None
    known_at: datetime | None  # when a scale was last listed whole; None for never


@dataclass(frozen=True)
class SiteShape:
    """How a site stands."""

    scales: dict[str, ScaleShape]
    last_round: EndedShape | None
    last_good: EndedShape | None
    incidents: list[IncidentShape]
    incidents_open: dict[str, int]
    deletes_blocked: list[str]
    replicas: list[dict[str, Any]]
    ready: bool
    overdue: bool
    late: dict[str, datetime]
    disk: DiskShape
    new_rows: dict[str, int]
    on_site: OnSiteShape
    last_success_at: datetime | None
    last_success_s: int | None
    last_static_at: datetime | None
    next_round_at: datetime | None
    next_static_at: datetime | None
    state: str  # the worst that holds, in a word or two
    level: str  # good, warn, bad or quiet

    @property
    def last_good_at(self) -> datetime | None:
        """When a round last ended with 0."""
        return self.last_good.ended_at if self.last_good else None

    @property
    def new_rows_today(self) -> int:
        """New entries since midnight, by the clock of the site."""
        return list(self.new_rows.values())[-1]


@dataclass(frozen=True)
class GlanceShape:
    """How a site stands at a glance: what its one state follows from, and two sums.

    None of it takes a look at each scale.
    """

    last_round: EndedShape | None
    last_good: EndedShape | None
    incidents: list[IncidentShape]
    incidents_open: dict[str, int]
    deletes_blocked: list[str]
    ready: bool
    overdue: bool
    new_rows: dict[str, int]
    rows_on_site: int
    held: int
    next_round_at: datetime | None
    state: str
    level: str


def as_json(shape: SiteShape) -> dict[str, Any]:
    """What `--json` prints of it; times are ISO 8601 in UTC."""
    found: dict[str, Any] = plain(shape)
    return {name: found[name] for name in (*PRINTED_FIRST, *found)}
