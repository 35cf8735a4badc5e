"""CAKE's entry in the table of duties; it only names what does the work."""

from __future__ import annotations

from mtdata.cake import check
from mtdata.cake.accounts import account_names
from mtdata.cake.daily_reports import DAILY, kinds
from mtdata.cake.log_in import LOG_IN
from mtdata.config import Settings
from mtdata.jobs.duty import Checks, Duty
from mtdata.jobs.outputs import PlacedFile


def _placed_file(settings: Settings, place: str) -> PlacedFile | None:
    from mtdata.cake.account import placed_file  # with all that reads answers

    return placed_file(settings, place)


CHECKS = Checks(
    whose="an account's of export.config",
    example=("cake", "an account of export.config alone, by its NAME"),
    told=(
        "Each account of export.config is asked once (is this machine on CAKE's whitelist, is the "
        "key accepted?), and a small file is put into its OUTPUT and removed."
    ),
    names=account_names,
    look=check.check_account,
    needs_state=True,
    folders=check.check_folders,
    plans=check.check_reports,
)
CAKE = Duty(
    name="cake",
    kinds=kinds,
    config_files=("export.config",),
    checks=CHECKS,
    demo="cake.command",
    daily=DAILY,
    log_in=LOG_IN,
    placed_file=_placed_file,
)
