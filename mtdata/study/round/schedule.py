"""The study's schedule, asked for at the end of a static round, which never fails by it."""

from __future__ import annotations

import logging
from datetime import date

from mtdata.core.errors import PackageError, SiteError, StorageError
from mtdata.study.collectors import schedule_of
from mtdata.study.files.schedules import ScheduleFiles
from mtdata.study.pool import Pool
from mtdata.study.ports import Site

log = logging.getLogger(__name__)


def keep_schedule(pool: Pool, site: Site) -> None:
    """Keep what the site tells, where it is another schedule than the last one.

    A site that never told one says so at DEBUG alone, day after day; one that did, at WARNING.
    """
    files, level = ScheduleFiles(pool.disk), logging.DEBUG
    try:
        level = logging.WARNING if files.days() else logging.DEBUG
        body = schedule_of(site)
        if body is None:
            log.log(level, "the site tells no schedule of the study")
        elif files.keep(date.fromisoformat(pool.day(pool.clock.now())), body):
            log.info("the schedule of the study is kept: it is another than before")
    except (SiteError, PackageError) as fault:
        log.log(level, "the schedule of the study did not come: %s", fault)
    except StorageError as fault:
        log.warning("the schedule of the study is not kept: %s", fault)
