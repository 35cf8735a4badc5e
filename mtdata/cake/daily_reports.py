"""Reports that are queued once a day, by themselves: what is due, and told when it did not come.

What was queued stands in the records alone, so a restart, a kill, a clock that is set or a second
daemon doubles nothing.  No database is loaded before an account has DAILY_AT.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from mtdata.alerts import notify
from mtdata.cake import daily
from mtdata.cake.daily import OWNER, Known, Plan
from mtdata.cake.window import DAY
from mtdata.config import Settings
from mtdata.config.database import DatabaseAddress
from mtdata.config.export import CakeConfig
from mtdata.core.errors import JobError

log = logging.getLogger(__name__)
MISSED = "report_missed"


class DailyReport(NamedTuple):
    """A kind of job that comes every day; `given`: its days, by the first one and the day it is."""

    kind: str
    look_back_s: Callable[[CakeConfig], float]
    given: Callable[[date, date], Mapping[str, str]]


REPORTS = (
    DailyReport(
        "cake.clicks",
        lambda account: account.click_look_back_s,
        lambda first, day: {"from": first.isoformat(), "to": (day - DAY).isoformat()},
    ),
    DailyReport(
        "cake.changes",
        lambda account: account.conversion_look_back_s,
        lambda first, day: {"since": first.isoformat()},
    ),
)
"""What comes every day of each account; a new one is one entry here."""


def plan_of(account: CakeConfig) -> Plan | None:
    """When its reports are due every day; None without DAILY_AT."""
    if account.daily_at is None:
        return None
    return Plan(account.daily_at, account.timezone, timedelta(seconds=account.settle_s))


def plans(settings: Settings) -> list[tuple[CakeConfig, Plan]]:
    """The accounts that have DAILY_AT, and when their reports are due."""
    found = ((one, plan_of(one)) for one in settings.export.cake)
    return [(one, plan) for one, plan in found if plan]


class Dailies:
    """The daily reports of every account; it remembers only what it told last."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        self._settings: Settings | None = None
        self._opened: DatabaseAddress | None = None

    def are_wanted(self, settings: Settings) -> bool:
        """Whether a look would do anything."""
        return settings is not self._settings or bool(plans(settings))

    def look(self, settings: Settings, now: datetime, beat: Callable[[], None]) -> None:
        """Queue what is due, and tell what did not come.  RecordsError: not now.

        Records in SQLite are made where there are none.
        """
        if settings is not self._settings:
            self._forget_others(settings)
        wanted = plans(settings)
        if not wanted:
            return
        from mtdata.jobs.records import setting  # here: the records bring Django along

        try:
            if self._opened != settings.database:
                setting.open_migrated(settings.database)
            self._opened = None
            for account, plan in wanted:
                for report in REPORTS:
                    beat()
                    self._see_to(settings, account, report, plan.due(now))
            self._opened = settings.database
        finally:
            setting.close_records()

    def _see_to(
        self, settings: Settings, account: CakeConfig, report: DailyReport, day: date
    ) -> None:
        from mtdata.cake import daily_records

        known = daily_records.daily_state(report.kind, account.name, day)
        if known.is_due():
            _queue(settings, account, report, day, known)
        self._tell(settings, _scale_word(report.kind, account.name), known.trouble(day))

    def _tell(self, settings: Settings, place: str, trouble: str | None) -> None:
        if trouble is None or self._told.get(place) == trouble:
            return
        if trouble:
            notify.program_incident(settings, MISSED, place, trouble)
        else:
            notify.close_program_incident(settings, MISSED, place)
        self._told[place] = trouble

    def _forget_others(self, settings: Settings) -> None:
        """What was missed of an account that has no daily reports any more troubles nobody."""
        asked = [account.name for account, _ in plans(settings)]
        places = {_scale_word(report.kind, name) for report in REPORTS for name in asked}
        for one in notify.program_incidents(settings):
            if one.kind == MISSED and one.scale not in places:
                notify.close_program_incident(settings, MISSED, one.scale)
        self._told.clear()
        self._settings = settings


def _scale_word(kind: str, account: str) -> str:
    """What stands for the scale in the incident."""
    return f"{kind} {account}"


def _queue(
    settings: Settings, account: CakeConfig, report: DailyReport, day: date, known: Known
) -> None:
    from mtdata.cake.jobs import KINDS
    from mtdata.jobs import queue

    asked = daily.stretch(day, report.look_back_s(account), known.served)
    given = {**report.given(asked.first, day), "account": account.name}
    name = daily.name_of(report.kind, account.name, day)
    if queue.add_once(settings, KINDS, report.kind, given, name=name, owner=OWNER) is None:
        return
    log.info("%s is queued, from %s on", name, asked.first)
    if asked.has_hole:
        log.warning(
            "%s: the last daily report that came is of %s; no job asks for more than %d days, so "
            "the days from %s until before %s are left out: queue them by `mtdata jobs add`",
            name, known.served, daily.MOST_DAYS, asked.wanted, asked.first,
        )  # fmt: skip


def make_now(settings: Settings, account: CakeConfig, report: DailyReport, now: datetime) -> str:
    """Queue the newest report that is due, as the daemon would; its name.  JobError: not now.

    The records are open already.
    """
    from mtdata.cake import daily_records

    if (plan := plan_of(account)) is None:
        raise JobError(f"{account.name} has no DAILY_AT in export.config, so nothing is due daily")
    day = plan.due(now)
    name = daily.name_of(report.kind, account.name, day)
    known = daily_records.daily_state(report.kind, account.name, day)
    if known.is_there:
        raise JobError(f"{name} is there already; a job that Failed is tried again on its page")
    if known.before:
        raise JobError(f"{known.before}, and the next one asks for what that does not bring")
    _queue(settings, account, report, day, known)
    return name


def standing(settings: Settings, now: datetime) -> list[dict[str, Any]]:
    """How each daily report stands: account, kind, next_at, last {name, status, reason, ended_at}.

    Times are ISO, UTC; `last` is None where none was queued yet.  RecordsError: nobody knows.
    """
    where = settings.database
    has_records = where.is_shared or os.path.exists(where.name)
    if has_records and plans(settings):
        from mtdata.jobs.records import setting

        setting.open_migrated(where)
    return [
        {
            "account": account.name,
            "kind": report.kind,
            "next_at": plan.next_at(now).isoformat(),
            "last": _last(report.kind, account.name, plan.due(now)) if has_records else None,
        }
        for account, plan in plans(settings)
        for report in REPORTS
    ]


def _last(kind: str, account: str, day: date) -> dict[str, Any] | None:
    from mtdata.cake import daily_records

    found = daily_records.last(kind, account, day)
    if found and found["ended_at"]:
        found["ended_at"] = found["ended_at"].isoformat()
    return found
