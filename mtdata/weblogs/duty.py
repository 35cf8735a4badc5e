"""Web logs' entry in the table of duties; it only names what does the work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mtdata.jobs.duty import Checks, Duty

if TYPE_CHECKING:  # what carries something loads them
    from datetime import datetime
    from pathlib import Path

    from mtdata.alerts.ledgers import IncidentLedgers
    from mtdata.config import Settings
    from mtdata.core.checks import Finding
    from mtdata.jobs.daily_reports import DailyReports
    from mtdata.jobs.kind import Kinds


def _kinds() -> Kinds:
    from mtdata.weblogs.jobs import KINDS  # with all that reads logs

    return KINDS


def _daily() -> DailyReports:
    from mtdata.weblogs.daily_imports import DAILY

    return DAILY


def _plans(settings: Settings) -> list[Finding]:
    from mtdata.weblogs.daily_imports import check_plans

    return check_plans(settings)


def _names(settings: Settings) -> list[str]:
    return [site.domain for site in settings.weblogs.sites]


def _look(settings: Settings, name: str, *, is_named: bool) -> list[Finding]:
    from mtdata.weblogs.operations.check import check_site  # with all that reads logs

    return check_site(settings, name)


def _offline(settings: Settings, names: Sequence[str]) -> list[Finding]:
    from mtdata.weblogs.offline import check_offline

    return check_offline(settings, names)


def _ledgers(settings: Settings) -> IncidentLedgers:
    from mtdata.weblogs.operations.opening import incident_ledgers  # with all that sends

    return incident_ledgers(settings) if settings.weblogs.sites else {}


def _put_back(state: Path, told: str, now: datetime) -> None:
    from mtdata.weblogs.operations.put_back import mark_put_back  # with the ledger

    mark_put_back(state, told, now)


CHECKS = Checks(
    whose="a site's of weblogs.config",
    example=("example.org", "a site of weblogs.config alone, by its domain"),
    names=_names,
    look=_look,
    plans=_plans,
    offline=_offline,
    told=(
        "Each site of weblogs.config is asked once: its bucket for the logs of yesterday, and "
        "Matomo for the site, its exclusions, and whether it takes hits from the token."
    ),
)
WEBLOGS = Duty(
    name="weblogs",
    kinds=_kinds,
    config_files=("weblogs.config",),
    checks=CHECKS,
    about="web logs in a bucket: their lines into Matomo, each once, then into an archive",
    to_edit="the sites, the bucket of their logs, and Matomo with its token",
    examples=(
        ("weblogs import example.org 2026-11-28", "a day's logs, what is new of them"),
        ("weblogs daily", "yesterday's of every site: for cron"),
        ("jobs add weblogs.import site=example.org", "order yesterday's as a job"),
    ),
    commands=("weblogs",),
    incident_ledgers=_ledgers,
    put_back=_put_back,
    daily=_daily,
    demo="weblogs.command",
    pages="weblogs",
)
