"""What `mtdata check` looks at of an account of CAKE: asked once, a probe put and taken away.

It takes no report and leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from mtdata.cake.accounts import account_named
from mtdata.cake.daily_reports import plan_of
from mtdata.config import Settings
from mtdata.config.check import check_owner
from mtdata.config.export import CakeConfig
from mtdata.core.checks import Finding, of_program
from mtdata.core.clock import SystemClock
from mtdata.core.errors import BusyError, MTDataError
from mtdata.core.output.probe import probe

LONGEST_S = 20.0
"""So long an answer is waited for, or a turn that somebody else has."""


def check_account(settings: Settings, name: str) -> list[Finding]:
    """Ask an account of export.config once, and put a probe into its output; at most a minute."""
    account = account_named(settings, name)
    return [
        _check(account, "ADMIN_DOMAIN", lambda: ask(settings.home, account)),
        _check(account, "OUTPUT", lambda: put(account)),
    ]


def _check(account: CakeConfig, what: str, act: Callable[[], str]) -> Finding:
    try:
        return Finding(account.name, what, "good", act())
    except BusyError:
        busy = f"{account.admin_domain}: it is asked by others at this moment, so it was not tried"
        return Finding(account.name, what, "odd", busy)
    except MTDataError as error:
        return Finding(account.name, what, "bad", str(error), error.exit_code)


def check_folders(settings: Settings) -> list[Finding]:
    """Whether the folders of reports are ours."""
    folders = ((one.name, one.folder) for one in settings.export.cake)
    found = (check_owner(name, "OUTPUT", folder) for name, folder in folders if folder)
    return [finding for findings in found for finding in findings]


def check_reports(settings: Settings) -> list[Finding]:
    """When the next daily reports of an account are due, asking nobody."""
    now = SystemClock().now()
    found = []
    for account in settings.export.cake:
        if plan := plan_of(account):
            local = plan.next_at(now).astimezone(account.timezone).isoformat(timespec="minutes")
            found.append(of_program(f"CAKE {account.name}", "good", f"daily reports: next {local}"))
    return found


def ask(home: Path, account: CakeConfig) -> str:
    """Ask the instance for its currencies, once; what it answered.

    ExportError when it cannot be reached, does not answer or does not accept the key; BusyError
    while others ask it.
    """
    from mtdata.cake import account as cake_account  # with all that reads answers

    with closing(cake_account.cake_trial(home, account, LONGEST_S)) as client:
        found = client.currencies(tries=1)
    return f"{account.server}: it accepts the key, and has {len(found)} currencies"


def put(account: CakeConfig) -> str:
    """Put a probe into the output and take it away; where that was, and what was done.

    The errors are those of `probe`.
    """
    from mtdata.cake import account as cake_account  # with all that reads answers

    with closing(cake_account.cake_output(account, LONGEST_S)) as output:
        return probe(output, "see REGION and ENDPOINT in export.config")
