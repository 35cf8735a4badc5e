"""Incidents and runners, as the API tells of them, typed and described; it decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import Field

from mtdata.alerts.shape import IncidentShape
from mtdata.jobs.states import Stage
from mtdata.web.api.asked import Wanted
from mtdata.web.api.cursors import MomentCursor
from mtdata.web.api.shapes import BoundedPaging, Paging


@dataclass(frozen=True)
class IncidentOfSite(IncidentShape):
    """A trouble with its site."""

    site: str


class IncidentsShape(Paging):
    """A page of incidents."""

    incidents: list[IncidentOfSite]


class RunnersWanted(Wanted):
    """Which runners."""

    cursor: MomentCursor = ""
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
    state: Literal["alive", "late", "silent", "ended"]
    started_at: datetime
    seen_at: datetime
    parts: list[InHand]


class Runners(BoundedPaging):
    """A page of runners."""

    runners: list[RunnerShape]
