"""How sites and runners stand, as the API tells it, typed and described; it decides nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from mtdata.jobs.states import Stage
from mtdata.web.api.shapes import Paging, Wanted


class IncidentShape(Schema):
    """A trouble."""

    number: int
    kind: str
    level: str
    scale: str
    detail: str
    count: int
    opened_at: datetime
    last_at: datetime
    closed_at: datetime | None


class IncidentOfSite(IncidentShape):
    """A trouble with its site."""

    site: str


class IncidentsShape(Paging):
    """A page of incidents."""

    incidents: list[IncidentOfSite]


class EndedShape(Schema):
    """A round that ended."""

    ended_at: datetime
    age_s: int
    exit: int


class ScaleShape(Schema):
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


class DiskShape(Schema):
    """The disk of a pool."""

    free_bytes: int
    free_files: int
    grown_week_bytes: int


class OnSiteShape(Schema):
    """What lies on the site, and since when its oldest entry is safe here."""

    rows: int
    max_records: int | None
    oldest_at: datetime | None
    oldest_s: int | None


class SiteShape(Schema):
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


class Absent(Schema):
    """A site without a pool."""

    model_config = ConfigDict(extra="forbid")

    absent: str


class Faulty(Schema):
    """A site whose pool cannot be read."""

    model_config = ConfigDict(extra="forbid")

    fault: str


class Sites(Schema):
    """Every site by its name."""

    sites: dict[str, SiteShape | Absent | Faulty]


# --- runners


class RunnersWanted(Wanted):
    """Which runners."""

    ended: bool = Field(False, description="Those who went, instead of those who are there.")


class InHand(Schema):
    """A part that a runner carries."""

    job: str
    job_name: str
    name: str
    stage: Stage
    rows: int


class RunnerShape(Schema):
    """A program that carries jobs, or did; `parts` is what it has in hand."""

    id: str
    host: str
    pid: int
    engine: str
    slots: int
    version: str
    state: Literal["alive", "silent", "ended"]
    started_at: datetime
    seen_at: datetime
    parts: list[InHand]


class Runners(Paging):
    """A page of runners."""

    runners: list[RunnerShape]
