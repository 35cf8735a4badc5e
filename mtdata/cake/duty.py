"""CAKE's entry in the table of duties, and its log-in for guests; it names what does the rest."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from mtdata.jobs.duty import Checks, Duty, ForeignLogIn, PlacedFile

if TYPE_CHECKING:  # what carries something loads them
    from mtdata.config import Settings
    from mtdata.core.checks import Finding
    from mtdata.jobs.daily_reports import DailyReports
    from mtdata.jobs.kind import Kinds


def _kinds() -> Kinds:
    from mtdata.cake.jobs import KINDS  # with all that reads answers

    return KINDS


def _daily() -> DailyReports:
    from mtdata.cake.daily_reports import DAILY

    return DAILY


def _names(settings: Settings) -> Sequence[str]:
    from mtdata.cake.accounts import account_names

    return account_names(settings)


def _placed_file(settings: Settings, place: str) -> PlacedFile | None:
    from mtdata.cake.account import placed_file  # with all that reads answers

    return placed_file(settings, place)


def _is_accepted(
    settings: Settings, domain: str, email: str, password: str, *, known: bool
) -> bool:
    # the password goes to that instance and nowhere else, and the key that comes back is dropped
    from mtdata.cake.account import cake_log_in  # with all that reads answers
    from mtdata.cake.client.verdict import LogInRefused

    account = settings.export.of_domain(domain).cake[0]
    try:
        with closing(cake_log_in(settings.home, account, known=known)) as client:
            client.api_key(email, password)
    except LogInRefused:
        return False
    return True


def _look(settings: Settings, name: str, *, is_named: bool) -> list[Finding]:
    from mtdata.cake.check import check_account  # with all that speaks to a bucket

    return check_account(settings, name)


def _folders(settings: Settings) -> list[Finding]:
    from mtdata.cake.check import check_folders

    return check_folders(settings)


def _offline(settings: Settings, names: Sequence[str]) -> list[Finding]:
    from mtdata.cake.offline import check_offline

    return check_offline(settings, names)


def _plans(settings: Settings) -> list[Finding]:
    from mtdata.cake.check import check_reports

    return check_reports(settings)


CHECKS = Checks(
    whose="an account's of export.config",
    example=("cake", "an account of export.config alone, by its NAME"),
    told=(
        "Each account of export.config is asked once (is this machine on CAKE's whitelist, is the "
        "key accepted?), and a small file is put into its OUTPUT and removed."
    ),
    names=_names,
    look=_look,
    needs_state=True,
    offline=_offline,
    folders=_folders,
    plans=_plans,
)
LOG_IN = ForeignLogIn(
    "CAKE",
    _names,
    lambda settings, domain: settings.model_copy(
        update={"export": settings.export.of_domain(domain)}
    ),
    _is_accepted,
)
CAKE = Duty(
    name="cake",
    kinds=_kinds,
    config_files=("export.config",),
    checks=CHECKS,
    about="clicks and conversions of CAKE: out of its reports, into files in a folder or bucket",
    to_edit="ADMIN_DOMAIN, API_KEY, TIMEZONE and OUTPUT of the account",
    examples=(("jobs add cake.clicks from=2016-01-10 to=2016-01-10", "order the clicks of a day"),),
    demo="cake.command",
    daily=_daily,
    log_in=LOG_IN,
    placed_file=_placed_file,
)
