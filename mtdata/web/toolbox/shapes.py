"""Reports as the API tells them, typed and described; of each it is what the toolbox keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from mtdata.toolbox.report.model import StudyReport
from mtdata.web.api.shapes import AbsentShape, FaultyShape, Paging

Level = Literal["good", "warn", "bad", ""]


class ReportBrief(Schema):
    """What a report says in a line."""

    model_config = ConfigDict(extra="forbid")

    headline: str
    level: Level
    made_at: datetime
    logged: int | None = Field(description="Occasions in the log; null where there is no log.")
    missing: int | None = Field(description="Those of them without an entry.")


class NoReport(AbsentShape):
    """A site of which none was made."""


class FaultyReport(FaultyShape):
    """A site whose report cannot be read."""


class ReportsShape(Paging):
    """A page of sites, each by its name."""

    reports: dict[str, ReportBrief | NoReport | FaultyReport]


class ReportShape(Schema):
    """A report: its answer in words, what one has to know to read it, and every number of it."""

    headline: str
    level: Level
    notes: list[str]
    report: StudyReport
