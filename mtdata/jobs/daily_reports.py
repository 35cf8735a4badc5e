"""Reports that are queued once a day, by themselves: what is due, and told when it did not come.

What was queued stands in the records alone, so a restart, a kill, a clock that is set or a second
daemon doubles nothing.  No database is loaded before an account has something come daily.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from mtdata.alerts import notify
from mtdata.config import Settings
from mtdata.config.database import DatabaseAddress
from mtdata.core.errors import JobError
from mtdata.jobs import daily
from mtdata.jobs.daily import OWNER, Known, Plan
from mtdata.jobs.kind import Kinds

log = logging.getLogger(__name__)
MISSED = "report_missed"


class DailyReport(NamedTuple):
    """A kind of job that comes every day; `given`: its days, by the first one and the day it is."""

    kind: str
    given: Callable[[date, date], Mapping[str, str]]


class DailyAccount(NamedTuple):
    """Whose reports they are; `plan` is None where its config has nothing come daily."""

    name: str
    plan: Plan | None
    look_back_s: Mapping[str, float]  # by the kind


class DailyReports(NamedTuple):
    """What a duty queues every day of each of its accounts; `key`: what of its config asks for it.

    A kind of these has the parameter `account`.
    """

    key: str
    reports: Sequence[DailyReport]
    accounts: Callable[[Settings], Sequence[DailyAccount]]
    kinds: Callable[[], Kinds]

    def planned(self, settings: Settings) -> list[tuple[DailyAccount, Plan]]:
        """The accounts whose reports come daily, and when they are due."""
        return [(one, one.plan) for one in self.accounts(settings) if one.plan]


class DailyScheduler:
    """Queues the daily reports of every account; it remembers only what it told last."""

    def __init__(self, dailies: Sequence[DailyReports]) -> None:
        self._dailies = dailies
        self._told: dict[str, str] = {}
        self._settings: Settings | None = None
        self._opened: DatabaseAddress | None = None

    def is_wanted(self, settings: Settings) -> bool:
        """Whether a look would do anything."""
        return settings is not self._settings or are_planned(self._dailies, settings)

    def look(self, settings: Settings, now: datetime, beat: Callable[[], None]) -> None:
        """Queue what is due, and tell what did not come.  RecordsError: not now.

        Records in SQLite are made where there are none.
        """
        if settings is not self._settings:
            self._forget_others(settings)
        if not are_planned(self._dailies, settings):
            return
        from mtdata.jobs.records import setting  # here: the records bring Django along

        try:
            if self._opened != settings.database:
                setting.open_migrated(settings.database)
            self._opened = None
            for of in self._dailies:
                for account, plan in of.planned(settings):
                    for report in of.reports:
                        beat()
                        self._see_to(settings, of, account, report, plan.due(now))
            self._opened = settings.database
        finally:
            setting.close_records()

    def _see_to(
        self,
        settings: Settings,
        of: DailyReports,
        account: DailyAccount,
        report: DailyReport,
        day: date,
    ) -> None:
        from mtdata.jobs.records import daily_records

        known = daily_records.daily_state(report.kind, account.name, day)
        if known.is_due():
            _queue(settings, of, account, report, day, known)
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
        places = {
            _scale_word(report.kind, account.name)
            for of in self._dailies
            for account, _ in of.planned(settings)
            for report in of.reports
        }
        for one in notify.program_incidents(settings):
            if one.kind == MISSED and one.scale not in places:
                notify.close_program_incident(settings, MISSED, one.scale)
        self._told.clear()
        self._settings = settings


def are_planned(dailies: Sequence[DailyReports], settings: Settings) -> bool:
    """Whether any report comes daily."""
    return any(of.planned(settings) for of in dailies)


def _scale_word(kind: str, account: str) -> str:
    """What stands for the scale in the incident."""
    return f"{kind} {account}"


def _queue(
    settings: Settings,
    of: DailyReports,
    account: DailyAccount,
    report: DailyReport,
    day: date,
    known: Known,
) -> None:
    from mtdata.jobs import queue

    asked = daily.stretch(day, account.look_back_s[report.kind], known.served)
    given = {**report.given(asked.first, day), "account": account.name}
    name = daily.name_of(report.kind, account.name, day)
    if queue.add_once(settings, of.kinds(), report.kind, given, name=name, owner=OWNER) is None:
        return
    log.info("%s is queued, from %s on", name, asked.first)
    if asked.has_hole:
        log.warning(
            "%s: the last daily report that came is of %s; no job asks for more than %d days, so "
            "the days from %s until before %s are left out: queue them by `mtdata jobs add`",
            name, known.served, daily.MOST_DAYS, asked.wanted, asked.first,
        )  # fmt: skip


def make_now(
    settings: Settings,
    of: DailyReports,
    account: DailyAccount,
    report: DailyReport,
    now: datetime,
) -> str:
    """Queue the newest report that is due, as the daemon would; its name.  JobError: not now.

    The records are open already.
    """
    from mtdata.jobs.records import daily_records

    if account.plan is None:
        raise JobError(f"{account.name} has no {of.key}, so nothing is due daily")
    day = account.plan.due(now)
    name = daily.name_of(report.kind, account.name, day)
    known = daily_records.daily_state(report.kind, account.name, day)
    if known.is_there:
        raise JobError(f"{name} is there already; a job that Failed is tried again on its page")
    if known.before:
        raise JobError(f"{known.before}, and the next one asks for what that does not bring")
    _queue(settings, of, account, report, day, known)
    return name


def standing(
    dailies: Sequence[DailyReports], settings: Settings, now: datetime
) -> list[dict[str, Any]]:
    """How each daily report stands: account, kind, next_at, last {name, status, reason, ended_at}.

    Times are ISO, UTC; `last` is None where none was queued yet.  RecordsError: nobody knows.
    """
    where = settings.database
    has_records = where.is_shared or os.path.exists(where.name)
    if has_records and are_planned(dailies, settings):
        from mtdata.jobs.records import setting

        setting.open_migrated(where)
    return [
        {
            "account": account.name,
            "kind": report.kind,
            "next_at": plan.next_at(now).isoformat(),
            "last": _last(report.kind, account.name, plan.due(now)) if has_records else None,
        }
        for of in dailies
        for account, plan in of.planned(settings)
        for report in of.reports
    ]


def _last(kind: str, account: str, day: date) -> dict[str, Any] | None:
    from mtdata.jobs.records import daily_records

    found = daily_records.last(kind, account, day)
    if found and found["ended_at"]:
        found["ended_at"] = found["ended_at"].isoformat()
    return found
