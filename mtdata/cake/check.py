"""What `mtdata check` looks at of an account of CAKE: asked once, a probe put and taken away.

It takes no report and leaves nothing behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import requests
from urllib3.exceptions import HTTPError

from mtdata.cake.accounts import account_named
from mtdata.cake.daily_reports import plan_of
from mtdata.config import Settings
from mtdata.config.check import check_owner
from mtdata.config.export import CakeConfig
from mtdata.core.checks import Finding, of_program
from mtdata.core.clock import SystemClock
from mtdata.core.errors import BusyError, MTDataError, OutputError, StorageError
from mtdata.core.http import Bounded
from mtdata.core.output import FileFacts, Output
from mtdata.core.trust import AGENT, authorities

LONGEST_S = 20.0
"""So long an answer is waited for, or a turn that somebody else has."""
PROBE = b"mtdata check; it may be removed\n"
NAME, TAG = "mtdata-check.txt", "check"
LINK_S, MOST_OF_A_FAULT = 60, 4096
_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")

Done = TypeVar("Done")


def check_account(settings: Settings, name: str, *, is_named: bool) -> list[Finding]:
    """Ask an account of export.config once, and put a probe into its output; at most a minute."""
    account = account_named(settings, name)
    return [_check_instance(settings, account), _check_output(account)]


def _check_instance(settings: Settings, account: CakeConfig) -> Finding:
    what = "ADMIN_DOMAIN"
    try:
        told = ask(settings.home, account)
    except BusyError:
        busy = f"{account.admin_domain}: it is asked by others at this moment, so it was not tried"
        return Finding(account.name, what, "odd", busy)
    except MTDataError as error:
        return Finding(account.name, what, "bad", str(error), error.exit_code)
    return Finding(account.name, what, "good", told)


def _check_output(account: CakeConfig) -> Finding:
    try:
        told = put(account)
    except MTDataError as error:
        return Finding(account.name, "OUTPUT", "bad", str(error), error.exit_code)
    return Finding(account.name, "OUTPUT", "good", told)


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

    client = cake_account.cake_trial(home, account, LONGEST_S)
    try:
        found = client.currencies(tries=1)
    finally:
        client.close()
    return f"{account.server}: it accepts the key, and has {len(found)} currencies"


def put(account: CakeConfig) -> str:
    """Put a probe into the output, read it back, also by a link as people get it, and remove it.

    Where that was, and what was done.

    OutputError for what the place does not let us do.
    """
    from mtdata.cake import account as cake_account

    output = cake_account.cake_output(account, LONGEST_S)
    try:
        with TemporaryDirectory(prefix="mtdata-check-") as folder:
            linked = _put(output, Path(folder) / NAME)
    except OSError as error:
        raise StorageError(f"no folder for a probe: {error.strerror}") from error
    finally:
        output.close()
    return f"{output.place}: a probe was put there, read back and removed{linked}"


def _put(output: Output, spooled: Path) -> str:
    spooled.write_bytes(PROBE)
    facts = FileFacts(len(PROBE), sha256(PROBE).hexdigest(), 0)
    output.publish(output.stage(NAME, spooled, facts, TAG))
    came = _tried("read back", lambda: b"".join(output.pieces(NAME)))
    link = _tried("signed for download", lambda: output.link(NAME, "attachment", LINK_S))
    odd = _followed(link) if link else ""
    _tried("removed", lambda: output.remove(NAME))
    if came != PROBE:
        raise OutputError(f"{output.place}/{NAME}: other bytes came back than were put there")
    if odd:
        raise OutputError(
            f"{output.place}: files are put there and read, but a signed link to one {odd}, so "
            "`jobs show --links` gives none that opens: see REGION and ENDPOINT in export.config"
        )
    return "; a signed link opened it" if link else ""


def _followed(link: str) -> str:
    """What is wrong with a link to the probe, '' when it brings it; asked as a browser does."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["User-Agent"] = AGENT
        session.verify = authorities()
        for scheme in ("http://", "https://"):
            session.mount(scheme, Bounded())
        try:
            with session.get(link, timeout=LONGEST_S, stream=True) as answer:
                start = answer.raw.read(MOST_OF_A_FAULT)
        except (requests.RequestException, HTTPError, OSError) as error:
            return f"does not open it ({type(error).__name__})"  # its words hold the link
    if answer.status_code == 200:
        return "" if start == PROBE else "brings other bytes"
    code = _CODE.search(start)
    return f"is answered {answer.status_code} ({code[1].decode() if code else 'no reason'})"


def _tried(done: str, act: Callable[[], Done]) -> Done:
    try:
        return act()
    except MTDataError as error:
        told = f"{NAME} was put there and cannot be {done}: {error}"
        raise type(error)(told) from None
