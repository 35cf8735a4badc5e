"""How sites and runners stand, as the API tells it, typed and described; it decides nothing.

Of a site it is what the study tells (study/status/shape.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from mtdata.jobs.states import Stage
from mtdata.study.status.shape import IncidentShape, SiteShape
from mtdata.web.api.shapes import Paging, Wanted


@dataclass(frozen=True)
class IncidentOfSite(IncidentShape):
    """A trouble with its site."""

    site: str


class IncidentsShape(Paging):
    """A page of incidents."""

    incidents: list[IncidentOfSite]


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
