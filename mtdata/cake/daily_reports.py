"""The reports of CAKE that come every day of each account with DAILY_AT."""

from __future__ import annotations

from datetime import timedelta

from mtdata.config import Settings
from mtdata.config.export import CakeConfig
from mtdata.jobs.daily import DAY, Plan
from mtdata.jobs.daily_reports import DailyAccount, DailyReport, DailyReports
from mtdata.jobs.kind import Kinds

CLICKS, CHANGES = "cake.clicks", "cake.changes"
REPORTS = (
    DailyReport(
        CLICKS,
        lambda first, day: {"from": first.isoformat(), "to": (day - DAY).isoformat()},
    ),
    DailyReport(CHANGES, lambda first, day: {"since": first.isoformat()}),
)
"""What comes every day of each account; a new one is one entry here."""


def plan_of(account: CakeConfig) -> Plan | None:
    """When its reports are due every day; None without DAILY_AT."""
    if account.daily_at is None:
        return None
    return Plan(account.daily_at, account.timezone, timedelta(seconds=account.settle_s))


def _accounts(settings: Settings) -> list[DailyAccount]:
    return [
        DailyAccount(
            one.name,
            plan_of(one),
            {CLICKS: one.click_look_back_s, CHANGES: one.conversion_look_back_s},
        )
        for one in settings.export.cake
    ]


def kinds() -> Kinds:
    """Every kind of job that asks CAKE, loaded with all that reads its answers."""
    from mtdata.cake.jobs import KINDS

    return KINDS


DAILY = DailyReports("DAILY_AT in export.config", REPORTS, _accounts, kinds)
