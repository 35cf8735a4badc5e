"""The command that looks at everything before it is needed: check.  It changes nothing."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from mtdata.cli.sites import Result, settings_of
from mtdata.cli.tables import table
from mtdata.cli.words import examples
from mtdata.duties import DUTIES
from mtdata.jobs.duty import Duties, KindsOf, check_site_names, refuse_unknown

if TYPE_CHECKING:  # with all that reads config files
    from mtdata.config import Settings
    from mtdata.core.checks import Finding
    from mtdata.core.plugins import PluginTable

WIDTH = 100
EVERY = "."
EXAMPLES = (
    ("check", "before the first round, and whenever something is odd"),
    *((f"check {words}", told) for words, told in (duty.checks.example for duty in DUTIES)),
    ("check --mail", "send a test to each mail address and web hook as well"),
    ("check --offline", "the config alone, for CI: asks nobody, writes nothing"),
)
TOLD = (
    "It deletes nothing, and shows no password.",
    *(duty.checks.told for duty in DUTIES if duty.checks.told),
    "A ring that wakes nobody goes through the broker.",
    "With --offline it judges the config alone, on whatever machine: keys that are not there are a "
    "note, and neither keys nor pools are opened.",
    "Exit 78: config or keys, 69: the site, an account or its OUTPUT, the database or the broker, "
    "74: the folder, 69 also when a test mail was not taken.",
)


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    told = "config, keys, folders, sites, accounts, records, clock"
    check = commands.add_parser("check", parents=[shared], help=told, epilog=_epilog())
    whose = ", or ".join(duty.checks.whose for duty in DUTIES)
    check.add_argument("server", nargs="?", default=EVERY, help=f"{whose}; {EVERY} = every one")
    more = check.add_mutually_exclusive_group()
    more.add_argument("--mail", action="store_true", help="send a test of mail and hooks")
    more.add_argument(
        "--offline", action="store_true", help="the config alone: ask nobody, write nothing"
    )
    check.set_defaults(run=_check)


def _epilog() -> str:
    return f"{examples(EXAMPLES)}\n{textwrap.fill('  '.join(TOLD), WIDTH)}\n"


def _check(options: argparse.Namespace) -> Result:
    findings = list(_findings(options))
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


def _findings(options: argparse.Namespace, duties: Duties = DUTIES) -> Iterator[Finding]:
    settings = settings_of(options)
    chosen = _chosen(options.server, settings, duties)
    is_named = options.server != EVERY
    if options.offline:
        yield from _found_offline(settings, chosen, duties, is_named=is_named)
        return
    from mtdata.config.check import is_stranger
    from mtdata.daemon.keeping import check_growth

    found = list(_findings_here(settings, chosen, duties, is_named=is_named, send=options.mail))
    yield from found
    # to count what is in a ledger of an older program would make it newer
    if not is_stranger(settings) and all(one.what != "format" for one in found):
        yield from check_growth(settings, duties)


def _findings_here(
    settings: Settings,
    chosen: Mapping[str, Sequence[str]],
    duties: Duties,
    *,
    is_named: bool,
    send: bool,
) -> Iterator[Finding]:
    """All but how much there is of what grows."""
    from mtdata.alerts.check import check_kept, check_news  # with all that sends news
    from mtdata.config.check import check_home, is_stranger
    from mtdata.core.checks import of_program
    from mtdata.core.errors import ConfigError
    from mtdata.core.installing import stranger
    from mtdata.core.plugins import check_plugins
    from mtdata.jobs.check import check_jobs

    def looked(*, needs_state: bool) -> Iterator[Finding]:
        for duty in duties:
            if duty.checks.needs_state is needs_state:
                for name in chosen[duty.name]:
                    yield from duty.checks.look(settings, name, is_named=is_named)

    yield from looked(needs_state=False)
    yield from check_home(settings)
    yield from check_site_names(duties, settings)
    if fault := stranger():
        yield of_program("installation", "bad", fault, ConfigError.exit_code)
    yield from check_plugins(_plugin_tables(duties))
    for duty in duties:
        yield from duty.checks.folders(settings)
    if is_stranger(settings):  # what is tried leaves files in state/
        return
    yield from looked(needs_state=True)
    yield from check_news(settings, send=send)
    yield from check_kept(settings)
    for duty in duties:
        yield from duty.checks.plans(settings)
    yield from check_jobs(settings)


def _found_offline(
    settings: Settings, chosen: Mapping[str, Sequence[str]], duties: Duties, *, is_named: bool
) -> Iterator[Finding]:
    """What the config says by itself, without a connection, a lock or a file that is written."""
    from mtdata.alerts.check import check_news
    from mtdata.config.check import check_files
    from mtdata.jobs.check import check_jobs_offline

    yield from check_files(settings)
    yield from check_site_names(duties, settings)
    for duty in duties:
        if chosen[duty.name] or not is_named:
            yield from duty.checks.offline(settings, chosen[duty.name])
    yield from check_news(settings, send=False)
    yield from check_jobs_offline(settings)


def _plugin_tables(duties: Duties) -> Iterator[PluginTable[Any]]:
    """Every table that plug-ins of somebody else may add to."""
    from mtdata.alerts import messengers
    from mtdata.core import output

    for duty in duties:
        yield from duty.plugins()
    yield from (KindsOf(duties).others, output.OTHERS, messengers.OTHERS)


def _chosen(word: str, settings: Settings, duties: Duties) -> Mapping[str, Sequence[str]]:
    """Whom each duty is to look at: the one of that name, of the first duty that has it."""
    known = {duty.name: duty.checks.names(settings) for duty in duties}
    if word == EVERY:
        return known
    whose = [name for name, names in known.items() if word in names]
    if not whose:
        refuse_unknown(word, chain.from_iterable(known.values()))
    return {name: [word] if name == whose[0] else [] for name in known}
