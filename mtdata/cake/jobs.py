"""The kinds that take reports from CAKE: clicks by the hour, conversions, and what changed of them.

How a stretch of a report comes and where its file goes stands in `cake_report`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from mtdata.cake import window
from mtdata.cake.accounts import account_named, account_names
from mtdata.cake.guarding import guarded_pieces
from mtdata.cake.report import ReportPart, spools_of, sweep_up
from mtdata.cake.spool import EVERY, Spool
from mtdata.cake.window import HourFile, Window, span
from mtdata.config import Settings
from mtdata.core.clock import SystemClock
from mtdata.core.errors import JobError
from mtdata.jobs.daily import MOST_DAYS
from mtdata.jobs.kind import (
    Guard,
    Kind,
    Kinds,
    Parameter,
    Parameters,
    Work,
    day,
    days_in_order,
    kept_day,
    named_by_days,
)
from mtdata.jobs.states import CLOSING

MAX_RUNNERS = 8
"""So many runners may carry parts of one job; how fast they ask is up to the account's RATE."""
LIMIT_S = 3 * 86_400.0
_DAY = "%d%m%Y"


def _account(settings: Settings, word: str) -> str:
    return account_named(settings, word).name


def _only_account(settings: Settings) -> str:
    return account_named(settings).name


ACCOUNT = Parameter(
    "account", _account, "an account of export.config", default=_only_account, choices=account_names
)
DAY = "YYYY-MM-DD or dd-mm-yyyy, from 2000 on, not in the future"
DAYS = (Parameter("from", day, DAY), Parameter("to", day, DAY), ACCOUNT)


def _guard(settings: Settings, parameters: Parameters) -> Guard | None:
    """Of an account that is in the config no more nobody knows what it wanted: guarded."""
    named = [one for one in settings.export.cake if one.name == parameters.get("account")]
    wanted = not named or named[0].csv_guard == "browser"
    return guarded_pieces if wanted else None


def _key(parameters: Parameters) -> str:
    return f"cake:{parameters['account']}"


def _check(parameters: Parameters) -> None:
    days_in_order(parameters, "from", "to")
    first, last = _days(parameters)
    if (last - first).days >= MOST_DAYS:
        raise ValueError(f"that is more than {MOST_DAYS} days; divide it into several jobs")


def _days(parameters: Parameters) -> tuple[date, date]:
    return kept_day(parameters, "from"), kept_day(parameters, "to")


def _hours_of(parameters: Parameters) -> float:
    first, last = _days(parameters)
    return 24.0 * ((last - first).days + 1)


def _base(parameters: Parameters) -> str:
    return named_by_days(parameters, "from", "to")


def _refuse_unsettled(work: Work) -> None:
    """Where the config says so: no job of a day that is not over yet."""
    account = account_named(work.settings, work.parameters["account"])
    last = _days(work.parameters)[1]
    settled = window.settled_at(
        span(last, last), account.timezone, timedelta(seconds=account.settle_s)
    )
    if account.unsettled == "refuse" and settled > SystemClock().now():
        raise JobError(
            f"{last} is not settled before {settled:%Y-%m-%d %H:%M} UTC (SETTLE); with "
            "UNSETTLED: wait the job waits for it"
        )


# --- cake.clicks: a part is an hour, and has a file of its own


def _hours(work: Work) -> list[str]:
    sweep_up(work)
    _refuse_unsettled(work)
    zone = account_named(work.settings, work.parameters["account"]).timezone
    days = window.days(*_days(work.parameters))
    return [file.name for one in days for file in window.files(one, zone)]


def _file(work: Work) -> HourFile:
    zone = account_named(work.settings, work.parameters["account"]).timezone
    of_day = datetime.strptime(work.part.split("_")[1], _DAY).date()
    return next(file for file in window.files(of_day, zone) if file.name == work.part)


def _clicks(work: Work) -> None:
    file = _file(work)
    with ReportPart(work, "clicks") as report:
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
    with ReportPart(work, "clicks") as report:
        for part in _hours(work) if parts is None else parts:
            report.drop(f"{part}.csv", part, finished=parts is None)


# --- cake.conversions: a part is a day; all days together are one file


def _by_day(work: Work) -> list[str]:
    sweep_up(work)
    _refuse_unsettled(work)
    return [one.isoformat() for one in window.days(*_days(work.parameters))]


def _conversions(work: Work) -> None:
    with ReportPart(work, "conversions") as report:
        report.wait_for(_day_of(work.part))
        with report.spool(work.part) as spool:
            report.fill(spool, _day_of(work.part))
            work.progress(len(spool))


def _day_of(part: str) -> Window:
    of_day = date.fromisoformat(part)
    return span(of_day, of_day)


def _close(work: Work) -> None:
    """One file of all days.  A day that another machine has fetched is fetched here once more."""
    with ReportPart(work, "conversions") as report, report.spool(work.part, anew=True) as whole:
        whole.begin()
        for part in _by_day(work):
            with report.spool(part) as spool:
                report.fill(spool, _day_of(part))
                whole.put(spool.rows())
        whole.end("whole")
        report.deliver(whole, f"{_base(work.parameters)}.csv")
        whole.remove()
    for part in _by_day(work):
        spools_of(work, part).remove()


def _drop_conversions(work: Work, parts: Sequence[str] | None) -> None:
    with ReportPart(work, "conversions") as report:
        for part in [*_by_day(work), CLOSING] if parts is None else parts:
            report.drop(f"{_base(work.parameters)}.csv", part, finished=parts is None)


# --- cake.changes: every event that is new or was changed since a day, one file


def _since(work: Work) -> Window:
    zone = account_named(work.settings, work.parameters["account"]).timezone
    today = SystemClock().now().astimezone(zone).date()
    return span(kept_day(work.parameters, "since"), today)


def _changes_base(parameters: Parameters) -> str:
    return f"changes_{kept_day(parameters, 'since'):{_DAY}}"


def _changes(work: Work) -> None:
    with ReportPart(work, "conversions") as report, report.spool(work.part, anew=True) as spool:
        report.fill_changes(spool, _since(work))
        report.deliver(spool, f"{_changes_base(work.parameters)}.csv")
        spool.remove()


def _drop_changes(work: Work, parts: Sequence[str] | None) -> None:
    with ReportPart(work, "conversions") as report:
        name = f"{_changes_base(work.parameters)}.csv"
        report.drop(name, "changes", finished=parts is None)


CLICKS = Kind(
    name="cake.clicks",
    about="every click of some days, a file an hour",
    parameters=DAYS,
    ranges=("from", "to"),
    split=_hours,
    run=_clicks,
    undo=_drop_clicks,
    base=_base,
    key=_key,
    account=ACCOUNT.name,
    check=_check,
    hours=_hours_of,
    max_runners=MAX_RUNNERS,
    resumes=True,
    limit_s=LIMIT_S,
    guard=_guard,
)
CONVERSIONS = Kind(
    name="cake.conversions",
    about="every conversion and event of some days, in one file",
    parameters=DAYS,
    ranges=("from", "to"),
    split=_by_day,
    run=_conversions,
    close=_close,
    undo=_drop_conversions,
    base=_base,
    key=_key,
    account=ACCOUNT.name,
    check=_check,
    hours=_hours_of,
    max_runners=MAX_RUNNERS,
    resumes=True,
    limit_s=LIMIT_S,
    guard=_guard,
)
CHANGES = Kind(
    name="cake.changes",
    about="every conversion and event that is new or was changed since a day, in one file",
    parameters=(Parameter("since", day, DAY), ACCOUNT),
    split=lambda work: ["changes"],
    run=_changes,
    undo=_drop_changes,
    base=_changes_base,
    key=_key,
    account=ACCOUNT.name,
    resumes=True,
    limit_s=LIMIT_S,
    guard=_guard,
)
KINDS: Kinds = {kind.name: kind for kind in (CLICKS, CONVERSIONS, CHANGES)}
