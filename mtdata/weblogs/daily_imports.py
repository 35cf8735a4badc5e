"""The imports that come every day of each site with `daily`: yesterday's logs."""

from __future__ import annotations

from datetime import timedelta

from mtdata.config import Settings
from mtdata.config.weblogs import WeblogSite
from mtdata.core.checks import Finding, of_program
from mtdata.core.clock import SystemClock
from mtdata.jobs.daily import DAY, Plan
from mtdata.jobs.daily_reports import DailyAccount, DailyReport, DailyReports
from mtdata.jobs.kind import Kinds

IMPORT = "weblogs.import"
REPORTS = (
    DailyReport(IMPORT, lambda first, day: {"day": first.isoformat()}, each_day=True),
)  # fmt: skip


def plan_of(site: WeblogSite) -> Plan | None:
    """When yesterday's logs are due every day; None without `daily`."""
    return None if site.daily is None else Plan(site.daily, site.zone, timedelta(0))


def check_plans(settings: Settings) -> list[Finding]:
    """When the next daily import of a site is due, asking nobody."""
    now = SystemClock().now()
    found = []
    for site in settings.weblogs.sites:
        if plan := plan_of(site):
            local = plan.next_at(now).astimezone(site.zone).isoformat(timespec="minutes")
            told = f"daily import: next {local}"
            found.append(of_program(f"web logs {site.domain}", "good", told))
    return found


def _sites(settings: Settings) -> list[DailyAccount]:
    yesterday = {IMPORT: DAY.total_seconds()}
    return [DailyAccount(one.domain, plan_of(one), yesterday) for one in settings.weblogs.sites]


def kinds() -> Kinds:
    """The kind of job that imports logs, loaded with all that reads them."""
    from mtdata.weblogs.jobs import KINDS

    return KINDS


DAILY = DailyReports("daily in weblogs.config", REPORTS, _sites, kinds)
