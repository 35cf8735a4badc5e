"""How sites stand, as the API tells it; of each it is what the study tells (study/status/shape)."""

from __future__ import annotations

from mtdata.study.status.shape import SiteShape
from mtdata.web.api.shapes import AbsentShape, FaultyShape, Paging


class Absent(AbsentShape):
    """A site without a pool."""


class Faulty(FaultyShape):
    """A site whose pool cannot be read."""


class Sites(Paging):
    """A page of sites, each by its name."""

    sites: dict[str, SiteShape | Absent | Faulty]
