"""What an order of a report comes to before it is queued: calls, files, and what is not over."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

from mtdata.cake import window
from mtdata.cake.accounts import account_named, account_names, settled_at
from mtdata.cake.window import Window
from mtdata.config import Settings
from mtdata.config.export import CakeConfig
from mtdata.core.clock import SystemClock
from mtdata.jobs.kind import Outlook, Parameters, kept_day


def today_at(settings: Settings, given: Mapping[str, str]) -> date:
    """The day it is at the account that was named, or at the only one; else that of UTC."""
    names = account_names(settings)
    name = given.get("account") or (names[0] if len(names) == 1 else "")
    now = SystemClock().now()
    return (now.astimezone(account_named(settings, name).timezone) if name in names else now).date()


def of_clicks(settings: Settings, parameters: Parameters) -> Outlook:
    """A file an hour, each in one window at least."""
    account, asked = account_named(settings, parameters["account"]), _window_of(parameters)
    days = window.days(asked.start.date(), kept_day(parameters, "to"))
    files = sum(len(window.files(one, account.timezone)) for one in days)
    return _outlook(account, asked, files, files, account.click_window_s)


def of_conversions(settings: Settings, parameters: Parameters) -> Outlook:
    """One file, a day in one window at least."""
    account, asked = account_named(settings, parameters["account"]), _window_of(parameters)
    return _outlook(account, asked, 1, asked.length.days, account.conversion_window_s)


def _window_of(parameters: Parameters) -> Window:
    return window.span(kept_day(parameters, "from"), kept_day(parameters, "to"))


def _outlook(
    account: CakeConfig, asked: Window, files: int, least: int, window_s: float
) -> Outlook:
    """Windows begin with a length of `window_s`, and grow where rows are few.

    At `least` one call goes out for each part.
    """
    most = max(least, math.ceil(asked.length.total_seconds() / window_s))
    settled = settled_at(account, Window(asked.end - window.DAY, asked.end))
    is_open = settled > SystemClock().now()
    return Outlook(
        files, account.output, (least, most), account.rate, least,
        settled if is_open else None, account.unsettled == "wait",
    )  # fmt: skip
