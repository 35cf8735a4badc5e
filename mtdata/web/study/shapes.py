"""How sites stand, as the API tells it; of each it is what the study tells (study/status/shape)."""

from __future__ import annotations

from ninja import Schema
from pydantic import ConfigDict

from mtdata.study.status.shape import SiteShape
from mtdata.web.api.shapes import Paging


class Absent(Schema):
    """A site without a pool."""

    model_config = ConfigDict(extra="forbid")

    absent: str


class Faulty(Schema):
    """A site whose pool cannot be read."""

    model_config = ConfigDict(extra="forbid")

    fault: str


class Sites(Paging):
    """A page of sites, each by its name."""

    sites: dict[str, SiteShape | Absent | Faulty]
