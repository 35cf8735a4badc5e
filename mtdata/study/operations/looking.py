"""When a site of the daemon is looked at for what is foreseen: by its rounds, else by the clock.

A round has the ledger open, and knows whether anything changed since the last look.  To open it a
second time for each round, and each minute, cost a quarter of what an idle daemon spends.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from mtdata.alerts.program_fault import contained
from mtdata.config import SiteConfig
from mtdata.core.clock import SystemClock
from mtdata.core.errors import MTDataError
from mtdata.study.operations import commands
from mtdata.study.pool import Pool
from mtdata.study.round.round_files import FilesInStep
from mtdata.study.status import forecasts
from mtdata.study.status.result import RoundResult

log = logging.getLogger(__name__)
ROUND_COUNTS = timedelta(minutes=10)
"""So long after a round that looked nobody else does; where none comes, the minute does again."""
LOOK_COUNTS = timedelta(hours=1)
"""So long after a look a round that changed nothing takes it that time alone changed nothing."""


class SiteLook(NamedTuple):
    """The last look of a round; `site` is the config that it went by."""

    site: SiteConfig
    looked_at: datetime
    round_at: datetime  # when the last round ended that looked, or need not


_LAST: dict[Path, SiteLook] = {}
"""By pool.  A config that is read anew makes other sites: these are looked at at once."""
_IN_STEP: dict[Path, tuple[SiteConfig, FilesInStep]] = {}
"""What is known of files, by pool; forgotten with the config."""


def files_in_step(site: SiteConfig) -> FilesInStep:
    """What the rounds of this process know of the files of a site."""
    of, known = _IN_STEP.get(site.path, (None, None))
    if known is None or of is not site:
        known = FilesInStep(site.path)
        _IN_STEP[site.path] = site, known
    return known


def look_ahead(site: SiteConfig) -> None:
    """What `commands.look_ahead` does, unless a round of this process just did."""
    last = _of(site)
    if last and _is_within(last.round_at, SystemClock(site.timezone).now(), ROUND_COUNTS):
        return
    commands.look_ahead(site)


def after_round(site: SiteConfig, pool: Pool, result: RoundResult) -> None:
    """Look ahead at the end of a round, while its pool is open; a fault is left to who looks next.

    A round that ends well told of disk, rows and DELETE_MODE itself, and none is late by it.  So
    where nothing came or went there is left what time brings: silence, and the daily round.
    """
    now, last = pool.clock.now(), _of(site)
    if last and result.is_idle and _is_same(pool, last.looked_at, now):
        _LAST[site.path] = last._replace(round_at=now)
        return
    _LAST.pop(site.path, None)
    try:
        with contained(site.name):
            is_kept = forecasts.look_behind_round(pool, site, now)
    except MTDataError as error:
        log.debug("%s", error)
        return
    if is_kept and result.exit in (0, 1):  # else what is missed is told by the minute
        _LAST[site.path] = SiteLook(site, now, now)


def _of(site: SiteConfig) -> SiteLook | None:
    last = _LAST.get(site.path)
    return last if last and last.site is site else None


def _is_same(pool: Pool, looked_at: datetime, now: datetime) -> bool:
    """Whether it is of the same day and hour."""
    return _is_within(looked_at, now, LOOK_COUNTS) and pool.day(looked_at) == pool.day(now)


def _is_within(then: datetime, now: datetime, span: timedelta) -> bool:
    """Also false where the clock was set back."""
    return timedelta() <= now - then < span
