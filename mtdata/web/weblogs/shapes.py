"""How sites of web logs stand, as the API tells it, typed and described; it decides nothing."""

from __future__ import annotations

from datetime import date
from typing import Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from mtdata.web.api.shapes import AbsentShape, FaultyShape, Paging


class WeblogDayShape(Schema):
    """The logs of a day: `lines` are hits or skipped; of hits it says what became of them."""

    model_config = ConfigDict(extra="forbid")

    day: date
    files: int
    unread: int = Field(description="Files that were not read to their end.")
    bytes: int
    lines: int
    hits: int
    skipped: dict[str, int] = Field(description="Lines that are no hits, by reason.")
    tracked: int = Field(description="Hits that Matomo counted.")
    invalid: int = Field(description="Hits that Matomo calls invalid, and nobody accepted so.")
    quarantined: int = Field(description="Hits of which nobody knows whether they are stored.")
    waiting: int = Field(description="Hits that are under way, or wait to be sent again.")


class WeblogSiteShape(Schema):
    """A site by its ledger; `days` are those of the last 30 that have logs."""

    model_config = ConfigDict(extra="forbid")

    state: str
    level: Literal["good", "run", "warn", "bad", ""]
    first_day: date | None
    last_day: date | None
    daily: str | None = Field(description="At this time of its zone yesterday is imported.")
    incidents: list[str] = Field(description="Kinds of what is open.")
    skipped: dict[str, int] = Field(description="Of all these days, the commonest reason first.")
    days: list[WeblogDayShape]


class NoLedger(AbsentShape):
    """A site of which nothing was imported."""


class FaultyLedger(FaultyShape):
    """A site whose ledger cannot be read."""


class WeblogSites(Paging):
    """A page of sites of web logs, each by its domain."""

    sites: dict[str, WeblogSiteShape | NoLedger | FaultyLedger]
