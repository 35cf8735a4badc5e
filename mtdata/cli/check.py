"""The command that looks at everything before it is needed: check.  It changes nothing."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from mtdata import checkup_services
from mtdata.cli.sites import Result, settings_of
from mtdata.cli.tables import table
from mtdata.config import Settings, SiteConfig
from mtdata.config.export import CakeConfig
from mtdata.core.checks import Finding
from mtdata.jobs import check as trying
from mtdata.study.operations import check as checkup

WHOSE = "a site's NAME, or an account's of export.config; . = every one"
CHECK = """examples:
  mtdata check                     before the first round, and whenever something is odd
  mtdata check mysite --json
  mtdata check cake                an account of export.config alone, by its NAME
  mtdata check --mail              send a test to each mail address and web hook as well

It deletes nothing, and shows no password.  Each account of export.config is asked once (is this
machine on CAKE's whitelist, is the key accepted?), and a small file is put into its OUTPUT and
removed; a ring that wakes nobody goes through the broker.  Exit 78: config or keys, 69: the site,
an account or its OUTPUT, the database or the broker, 74: the folder, 69 also when a test mail was
not taken.
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    told = "config, keys, folders, sites, accounts, records, clock"
    check = commands.add_parser("check", parents=[shared], help=told, epilog=CHECK)
    check.add_argument("server", nargs="?", default=".", help=WHOSE)
    check.add_argument("--mail", action="store_true", help="send a test of mail and hooks")
    check.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> Result:
    settings = settings_of(options)
    sites, accounts = _chosen(options.server, settings)
    is_named = options.server != "."
    findings = [f for site in sites for f in _of_site(site, is_named=is_named)]
    findings += checkup.check_home(settings)
    if not checkup.is_stranger(settings):  # what is tried leaves files in state/
        for account in accounts:
            findings += checkup_services.check_account(settings, account)
        findings += checkup_services.check_news(settings, send=options.mail)
        findings += checkup_services.check_reports(settings)
        findings += trying.check_jobs(settings)
    if not options.json:
        marks = {"good": "ok", "bad": "FAULT", "odd": "note"}
        table(
            "check",
            ("site", "what", "", "finding"),
            [(f.site, f.what, marks[f.verdict], f.told) for f in findings],
        )
    code = max((f.exit for f in findings if f.verdict == "bad"), default=0)
    shown: dict[str, Any] = {"findings": [f._asdict() for f in findings]}
    if code:
        message = "; ".join(f"{f.site}: {f.what}: {f.told}" for f in findings if f.verdict == "bad")
        shown["error"] = {"kind": "CheckFailed", "message": message, "exit": code}
    return code, shown


def _of_site(site: SiteConfig, *, is_named: bool) -> list[Finding]:
    """What a site that is not READY lacks hinders nothing, such as the sample's: a note."""
    found = checkup.check(site)
    if site.ready or is_named:
        return found
    return [f._replace(verdict="odd", exit=0) if f.verdict == "bad" else f for f in found]


def _chosen(word: str, settings: Settings) -> tuple[Sequence[SiteConfig], Sequence[CakeConfig]]:
    """The site or the account of that name; all of both for '.'."""
    if word == ".":
        return settings.sites, settings.export.cake
    accounts = [account for account in settings.export.cake if account.name == word]
    if accounts and word not in {site.name for site in settings.sites}:
        return (), accounts
    return (settings.site(word),), ()
