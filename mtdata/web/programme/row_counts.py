"""How many teams and form responses there are, looked at now and then; it shows nothing."""

from __future__ import annotations

from typing import NamedTuple

from mtdata.config import Settings
from mtdata.core.errors import MTDataError
from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.models import Job
from mtdata.programme.records.models import FormResponse, Team, Upload
from mtdata.web.cached_look import CachedLook
from mtdata.web.programme.sorts import BY_KIND

KEPT_S = 30.0


class TableCounts(NamedTuple):
    """Rows of both tables, and whether anybody has ever brought a file."""

    teams: int
    forms: int
    is_used: bool


def _count_rows(settings: Settings) -> TableCounts:
    with asking():
        teams, forms = Team.objects.count(), FormResponse.objects.count()
        used = teams or forms or Upload.objects.exists()
        return TableCounts(
            teams, forms, bool(used) or Job.objects.filter(kind__in=list(BY_KIND)).exists()
        )


table_counts = CachedLook(_count_rows, KEPT_S)
"""A million rows take a while to be counted, and every page asks."""


def is_used(settings: Settings) -> bool:
    """Whether there is anything to show; not where the records do not answer: pages say so."""
    try:
        return table_counts(settings).is_used
    except MTDataError:
        return False
