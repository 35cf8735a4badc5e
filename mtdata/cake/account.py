"""An account of export.config as what asks it and what writes it; it asks and writes nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

from pydantic import SecretStr

from mtdata.cake.client.client import Client
from mtdata.cake.client.shapes import LearnedShapes
from mtdata.cake.columns import Columns
from mtdata.cake.window import DAY, HOUR, WindowSize
from mtdata.config import Settings
from mtdata.config.export import CakeConfig
from mtdata.core.limiter import Limiter, Turns
from mtdata.core.output import Output, open_output
from mtdata.jobs.duty import PlacedFile

LOG_IN_S, TURN_S = 3.9, 1.0
"""Somebody waits at a form, and one of the few threads that answer with them."""
PATIENCE_S = 10.0
"""So long a wish of an instance is waited for in a slot; beyond that the job waits without one."""


def cake_limiter(
    home: Path, account: CakeConfig, longest_s: float = 3600.0, patience_s: float = math.inf
) -> Limiter:
    """The turns of all that ask this instance on this machine, by its domain."""
    return Limiter(
        home / "state",
        f"cake-{account.admin_domain}",
        rate=account.rate,
        at_once=account.concurrency,
        longest_s=longest_s,
        patience_s=patience_s,
    )


def cake_client(
    account: CakeConfig,
    turns: Turns,
    beat: Callable[[], None],
    shapes: LearnedShapes | None = None,
) -> Client:
    """A client of the account, for one thread; it waits for PATIENCE_S at most.

    `beat` is called at every wait (`StopToken.check`); see Client for `shapes`.
    """
    return Client(account, turns, beat, patience_s=PATIENCE_S, shapes=shapes)


def cake_log_in(home: Path, account: CakeConfig, *, known: bool = False) -> Client:
    """Asks whether a log-in is accepted, by a form and within seconds; it knows no key.

    It has turns of its own: reports hold theirs for minutes, and strangers take none from who is
    known.  Where too many ask it is a BusyError.
    """
    limit_s = min(LOG_IN_S, account.timeout_s)
    quick = {"timeout_s": limit_s, "connect_timeout_s": limit_s / 2}
    stranger = account.model_copy(update={"api_key": SecretStr(""), "dialect": "xml", **quick})
    name = f"cake-{account.admin_domain}.{'known' if known else 'login'}"
    turns = Limiter(home / "state", name, rate=5.0, at_once=3, longest_s=TURN_S)
    return Client(stranger, turns)


def cake_trial(home: Path, account: CakeConfig, longest_s: float) -> Client:
    """A client that waits for a turn, and for an answer, no longer than that."""
    hurried = account.model_copy(update={"timeout_s": min(account.timeout_s, longest_s)})
    return Client(hurried, cake_limiter(home, account, longest_s))


def cake_columns(account: CakeConfig, report: str, currencies: Mapping[str, str]) -> Columns:
    """The columns of the report clicks or conversions; CSV_GUARD: browser is the page's work."""
    extra = account.click_columns if report == "clicks" else account.conversion_columns
    return Columns(
        report,
        account.timezone,
        currencies,
        original=account.columns == "original",
        extra=extra,
        guard=account.csv_guard == "all",
        bom=account.csv_bom,
    )


def rows_made_by(account: CakeConfig, report: str) -> str:
    """A digest of all that decides which rows come of a day, and how a row is written.

    Rows that were spooled under another one do not fit beside those of today.  How fast and in what
    pieces they were asked for changes none, nor does the key.
    """
    columns = cake_columns(account, report, {})
    extra = account.click_columns if report == "clicks" else account.conversion_columns
    versions = account.clicks_version, account.conversions_version, account.changes_version
    filters = account.include_tests, account.include_duplicates, account.event_type
    zones = str(account.timezone), str(account.server_timezone), account.dialect
    form = account.columns, columns.header, extra, account.csv_guard == "all"
    words = json.dumps([report, account.server, versions, filters, zones, form])
    return sha256(words.encode()).hexdigest()


def first_window_size(account: CakeConfig, report: str) -> WindowSize:
    """The windows with which a sweep of the report clicks or conversions begins.

    They grow to what is asked for at a time: an hour of clicks, a day of conversions.
    """
    clicks = report == "clicks"
    length = account.click_window_s if clicks else account.conversion_window_s
    return WindowSize.of(timedelta(seconds=length), HOUR if clicks else DAY)


def cake_output(account: CakeConfig, timeout_s: float = 60.0) -> Output:
    """Where the files of the account go; a store answers within so many seconds, or is away."""
    return open_output(account.output, account.store(timeout_s), account.state)


def placed_file(settings: Settings, place: str) -> PlacedFile | None:
    """The file at that place, if an account's files go there."""
    for account in settings.export.cake:
        name = place.removeprefix(f"{account.output}/")
        if name != place:
            return PlacedFile(account.name, name, partial(cake_output, account))
    return None
