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

from mtdata.config import Settings
from mtdata.config.database import DatabaseAddress
from mtdata.core.errors import JobError
from mtdata.jobs import daily
from mtdata.jobs.daily import OWNER, Known, Plan
from mtdata.jobs.kind import Kinds

log = logging.getLogger(__name__)
MISSED = "report_missed"


class DailyReport(NamedTuple):
    """A kind of job that comes every day; `given`: its days, by the first one and the day it is.

    One that takes a single day has a job for `each_day` that is asked for.
    """

    kind: str
    given: Callable[[date, date], Mapping[str, str]]
    each_day: bool = False

    def orders(self, first: date, day: date) -> list[tuple[date, Mapping[str, str]]]:
        """Jobs for the days from the first until before that day, and after which each is called.

        The earliest comes first.
        """
        if not self.each_day:
            return [(day, self.given(first, day))]
        days = [first + number * daily.DAY for number in range((day - first).days)]
        return [(one + daily.DAY, self.given(one, one + daily.DAY)) for one in days]


class DailyAccount(NamedTuple):
    """Whose reports they are; `plan` is None where its config has nothing come daily."""

    name: str
    plan: Plan | None
    look_back_s: Mapping[str, float]  # by the kind


class DailyReports(NamedTuple):
    """What a duty queues every day of each of its accounts; `key`: what of its config asks for it.

    The parameter of such a kind that names the account is its `Kind.account`.
    """

    key: str
    reports: Sequence[DailyReport]
    accounts: Callable[[Settings], Sequence[DailyAccount]]
    kinds: Callable[[], Kinds]


class Planned(NamedTuple):
    """A report that comes daily of an account, when `plan` says."""

    of: DailyReports
    account: DailyAccount
    report: DailyReport
    plan: Plan

    @property
    def scale(self) -> str:
        """What stands for the scale in the incident."""
        return f"{self.report.kind} {self.account.name}"


def planned(dailies: Sequence[DailyReports], settings: Settings) -> list[Planned]:
    """What comes daily of every account."""
    return [
        Planned(of, account, report, account.plan)
        for of in dailies
        for account in of.accounts(settings)
        if account.plan
        for report in of.reports
    ]


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
            for one in planned(self._dailies, settings):
                beat()
                self._see_to(settings, one, one.plan.due(now))
            self._opened = settings.database
        finally:
            setting.close_records()

    def _see_to(self, settings: Settings, one: Planned, day: date) -> None:
        from mtdata.jobs.records import daily_records

        known = daily_records.daily_state(one.report.kind, one.account.name, day)
        if known.is_due():
            _queue(settings, one, day, known)
        self._tell(settings, one.scale, known.trouble(day))

    def _tell(self, settings: Settings, place: str, trouble: str | None) -> None:
        from mtdata.alerts import notify  # with all that sends news

        if trouble is None or self._told.get(place) == trouble:
            return
        if trouble:
            notify.program_incident(settings, MISSED, place, trouble)
        else:
            notify.close_program_incident(settings, MISSED, place)
        self._told[place] = trouble

    def _forget_others(self, settings: Settings) -> None:
        """What was missed of an account that has no daily reports any more troubles nobody."""
        from mtdata.alerts import notify

        places = {one.scale for one in planned(self._dailies, settings)}
        for one in notify.program_incidents(settings):
            if one.kind == MISSED and one.scale not in places:
                notify.close_program_incident(settings, MISSED, one.scale)
        self._told.clear()
        self._settings = settings


def are_planned(dailies: Sequence[DailyReports], settings: Settings) -> bool:
    """Whether any report comes daily."""
    return bool(planned(dailies, settings))


def _queue(settings: Settings, one: Planned, day: date, known: Known) -> None:
    from mtdata.jobs import queue

    of, account, report, _ = one
    asked = daily.stretch(day, account.look_back_s[report.kind], known.served)
    kinds = of.kinds()
    own = {kinds[report.kind].account: account.name}
    name = daily.name_of(report.kind, account.name, day)
    is_new = False
    for called, days in report.orders(asked.first, day):
        name = daily.name_of(report.kind, account.name, called)
        job = queue.add_once(settings, kinds, report.kind, {**days, **own}, name=name, owner=OWNER)
        is_new = job is not None
        if is_new:
            log.info("%s is queued, from %s on", name, asked.first)
    if is_new and asked.has_hole:
        log.warning(
            "%s: the last daily report that came is of %s; no job asks for more than %d days, so "
            "the days from %s until before %s are left out: queue them by `mtdata jobs add`",
            name, known.served, daily.MOST_DAYS, asked.wanted, asked.first,
        )  # fmt: skip


def make_now(
    settings: Settings, of: DailyReports, account: DailyAccount, report: DailyReport, now: datetime
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
    _queue(settings, Planned(of, account, report, account.plan), day, known)
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
            "account": one.account.name,
            "kind": one.report.kind,
            "next_at": one.plan.next_at(now).isoformat(),
            "last": _last(one, now) if has_records else None,
        }
        for one in planned(dailies, settings)
    ]


def _last(one: Planned, now: datetime) -> dict[str, Any] | None:
    from mtdata.jobs.records import daily_records

    found = daily_records.last(one.report.kind, one.account.name, one.plan.due(now))
    if found and found["ended_at"]:
        found["ended_at"] = found["ended_at"].isoformat()
    return found
