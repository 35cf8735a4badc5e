"""The kinds that take reports from CAKE: clicks by the hour, conversions, and what changed of them.

How a stretch of a report comes and where its file goes stands in `cake_report`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from mtdata.cake import outlook, window
from mtdata.cake.accounts import account_named, settled_at
from mtdata.cake.job_parameters import ACCOUNT, DAY, DAYS, NOW, UNSETTLED
from mtdata.cake.spool import EVERY, Spool
from mtdata.cake.window import HourFile, Window, span
from mtdata.config import Settings
from mtdata.config.export import CakeConfig
from mtdata.core.clock import SystemClock
from mtdata.core.errors import JobError
from mtdata.core.guarding import guarded_pieces
from mtdata.jobs.daily import MOST_DAYS
from mtdata.jobs.kind import (
    Guard,
    Kind,
    Kinds,
    MapCell,
    Parameter,
    Parameters,
    Work,
    day,
    days_in_order,
    kept_day,
    named_by_days,
)
from mtdata.jobs.spooling import sweep_up
from mtdata.jobs.states import CLOSING
from mtdata.jobs.title import in_words

if TYPE_CHECKING:
    from mtdata.cake.report import ReportPart

MAX_RUNNERS = 8
"""So many runners may carry parts of one job; how fast they ask is up to the account's RATE."""
LIMIT_S = 3 * 86_400.0
_DAY = "%d%m%Y"


def _guard(settings: Settings, parameters: Parameters) -> Guard | None:
    """Of an account that is in the config no more nobody knows what it wanted: guarded."""
    named = [one for one in settings.export.cake if one.name == parameters.get("account")]
    return guarded_pieces if not named or named[0].csv_guard == "browser" else None


def _check(parameters: Parameters) -> None:
    if {"from", "to"} <= parameters.keys():
        days_in_order(parameters, "from", "to")
        first, last = _days(parameters)
        if (last - first).days >= MOST_DAYS:
            raise ValueError(f"that is more than {MOST_DAYS} days; divide it into several jobs")


def _days(parameters: Parameters) -> tuple[date, date]:
    return kept_day(parameters, "from"), kept_day(parameters, "to")


def _hours_of(parameters: Parameters) -> float:
    return 24.0 * span(*_days(parameters)).length.days


_base = partial(named_by_days, first="from", last="to")


def _account(work: Work) -> CakeConfig:
    return account_named(work.settings, work.parameters["account"])


def _takes_now(work: Work) -> bool:
    return work.parameters.get(UNSETTLED.name) == NOW


def _refuse_unsettled(work: Work) -> None:
    """Where the config says so: no job of a day that is not over yet."""
    account, last = _account(work), kept_day(work.parameters, "to")
    settled = settled_at(account, span(last, last))
    if account.unsettled == "refuse" and not _takes_now(work) and settled > SystemClock().now():
        raise JobError(
            f"{last} is not settled before {settled:%Y-%m-%d %H:%M} UTC (SETTLE); with "
            "UNSETTLED: wait the job waits for it"
        )


def _report_part(work: Work, name: str) -> ReportPart:
    from mtdata.cake.report import ReportPart  # with all that asks CAKE

    return ReportPart(work, name)


# --- cake.clicks: a part is an hour, and has a file of its own


def _hours(work: Work) -> list[str]:
    sweep_up(work)
    _refuse_unsettled(work)
    zone, days = _account(work).timezone, window.days(*_days(work.parameters))
    return [file.name for one in days for file in window.files(one, zone)]


@lru_cache(maxsize=1024)  # a map asks for each of thousands of hours
def _day_of_word(word: str) -> date:
    return datetime.strptime(word, _DAY).date()


def _hour_in(part: str) -> str:
    return part.split("_")[2][:2] + "b" * part.endswith("_2")


def _cell_of_hour(part: str) -> MapCell | None:
    with suppress(ValueError, IndexError):  # a part of another version may be called otherwise
        return MapCell(in_words(_day_of_word(part.split("_")[1])), _hour_in(part))
    return None


def _clicks(work: Work) -> None:
    of_day = _day_of_word(work.part.split("_")[1])
    files = window.files(of_day, _account(work).timezone)
    file = next(file for file in files if file.name == work.part)
    with _report_part(work, "clicks") as report:
        if not _takes_now(work):
            report.wait_for(file.window)
        with report.spool(work.part) as spool:
            report.fill(spool, file.window)
            report.deliver(spool, f"{file.name}.csv", _ids_of(spool, file, report))
            spool.remove()


def _ids_of(spool: Spool, file: HourFile, report: ReportPart) -> tuple[int, int]:
    """The ids whose rows belong into the file: an hour that came twice is asked for as one."""
    if not any(turn.twice for turn in window.turns(file.window, report.account.timezone)):
        return EVERY
    last = window.first_passes(report.stamps(spool))
    if file.second:
        return (EVERY[1], EVERY[0]) if last is None else (last + 1, EVERY[1])
    return EVERY if last is None else (EVERY[0], last)


def _drop_clicks(work: Work, parts: Sequence[str] | None) -> None:
    with _report_part(work, "clicks") as report:
        dropped = _hours(work) if parts is None else parts
        report.drop([f"{part}.csv" for part in dropped], dropped, finished=parts is None)


# --- cake.conversions: a part is a day; all days together are one file


def _by_day(work: Work) -> list[str]:
    sweep_up(work)
    _refuse_unsettled(work)
    return [one.isoformat() for one in window.days(*_days(work.parameters))]


def _conversions(work: Work) -> None:
    with _report_part(work, "conversions") as report:
        if not _takes_now(work):
            report.wait_for(_day_of(work.part))
        with report.spool(work.part) as spool:
            report.fill(spool, _day_of(work.part))
            work.progress(len(spool))


def _cell_of_day(part: str) -> MapCell | None:
    with suppress(ValueError):
        return MapCell(f"{date.fromisoformat(part):%B %Y}", f"{date.fromisoformat(part):%d}")
    return None


def _day_of(part: str) -> Window:
    of_day = date.fromisoformat(part)
    return span(of_day, of_day)


def _close(work: Work) -> None:
    """One file of all days.  A day that another machine has fetched is fetched here once more."""
    with _report_part(work, "conversions") as report, report.spool(work.part, anew=True) as whole:
        whole.begin()
        for part in _by_day(work):
            with report.spool(part) as spool:
                report.fill(spool, _day_of(part))
                whole.put(spool.rows())
        whole.end("whole")
        report.deliver(whole, f"{_base(work.parameters)}.csv")
        whole.remove()
    from mtdata.cake.report import remove_leftovers, spool_path

    for part in _by_day(work):
        remove_leftovers(spool_path(work, part))


def _drop_conversions(work: Work, parts: Sequence[str] | None) -> None:
    with _report_part(work, "conversions") as report:
        dropped = [*_by_day(work), CLOSING] if parts is None else parts
        report.drop([f"{_base(work.parameters)}.csv"], dropped, finished=parts is None)


# --- cake.changes: every event that is new or was changed since a day, one file


def _changes_base(parameters: Parameters) -> str:
    return f"changes_{kept_day(parameters, 'since'):{_DAY}}"


def _changes(work: Work) -> None:
    today = SystemClock().now().astimezone(_account(work).timezone).date()
    days = span(kept_day(work.parameters, "since"), today)
    with _report_part(work, "conversions") as report, report.spool(work.part, anew=True) as spool:
        report.fill_changes(spool, days)
        report.deliver(spool, f"{_changes_base(work.parameters)}.csv")
        spool.remove()


def _drop_changes(work: Work, parts: Sequence[str] | None) -> None:
    with _report_part(work, "conversions") as report:
        name = f"{_changes_base(work.parameters)}.csv"
        report.drop([name], ["changes"], finished=parts is None)


_report = partial(
    Kind,
    key=lambda parameters: f"cake:{parameters['account']}",
    account=ACCOUNT.name,
    resumes=True,
    limit_s=LIMIT_S,
    guard=_guard,
    today=outlook.today_at,
    brings=("mtdata.cake.report",),
)
_report_of_days = partial(
    _report,
    parameters=DAYS,
    ranges=("from", "to"),
    base=_base,
    check=_check,
    hours=_hours_of,
    max_runners=MAX_RUNNERS,
    settling=UNSETTLED.name,
)
CLICKS = _report_of_days(
    "cake.clicks",
    base=partial(_base, what="clicks"),  # not to look like a second try of the conversions
    title="Clicks",
    unit="hour",
    cell=_cell_of_hour,
    row_length=len("ClickReport_ddmmyyyy"),
    about="Every click of a range of days, as a CSV file for each hour",
    outlook=outlook.of_clicks,
    split=_hours,
    run=_clicks,
    undo=_drop_clicks,
)
CONVERSIONS = _report_of_days(
    "cake.conversions",
    title="Conversions",
    unit="day",
    cell=_cell_of_day,
    row_length=len("yyyy-mm"),
    about="Every conversion and event of a range of days, as one CSV file",
    outlook=outlook.of_conversions,
    split=_by_day,
    run=_conversions,
    close=_close,
    undo=_drop_conversions,
)
CHANGES = _report(
    "cake.changes",
    title="Changed conversions",
    about="Every conversion and event that is new or was changed since a day, as one CSV file",
    parameters=(Parameter("since", day, DAY, days_ago=(1, 7, 30, 60)), ACCOUNT),
    split=lambda work: ["changes"],
    splits_by_order=True,
    run=_changes,
    undo=_drop_changes,
    base=_changes_base,
)
KINDS: Kinds = {kind.name: kind for kind in (CLICKS, CONVERSIONS, CHANGES)}
