"""The command `incidents`: troubles of sites and of the program; shown, and closed by hand."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING, Any

from mtdata.alerts.incident import TO_DO
from mtdata.cli.sites import Result, answer, each, settings_of
from mtdata.cli.tables import folded_at, say
from mtdata.cli.words import number
from mtdata.core.checks import PROGRAM
from mtdata.core.errors import UsageError
from mtdata.core.words import counted_times
from mtdata.duties import DUTIES
from mtdata.jobs.duty import all_ledgers, refuse_unknown

if TYPE_CHECKING:  # with the database
    from mtdata.alerts.ledgers import IncidentLedgers

INDENT, WIDTH = "   ", 77
EXAMPLES = """examples:
  mtdata incidents                 what is open
  mtdata incidents mysite --all    closed ones too
  mtdata incidents mysite --close 7

docs/OPERATING.md says what each kind means and what to do.
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    troubles = commands.add_parser(
        "incidents", parents=[shared], help="troubles that are open", epilog=EXAMPLES
    )
    troubles.add_argument("server", nargs="?", default=".", help="a site's NAME; . = every one")
    troubles.add_argument("--all", action="store_true", help="closed ones too")
    troubles.add_argument("--close", type=number, metavar="NUMBER", help="somebody looked at it")
    troubles.set_defaults(run=_incidents)


def _incidents(options: argparse.Namespace) -> Result:
    from mtdata.alerts import ledgers  # with the database
    from mtdata.alerts.shape import incident_json

    known = all_ledgers(DUTIES, settings_of(options))
    if options.server != "." and options.server not in known:
        refuse_unknown(options.server, known)
    if options.close is not None:
        _close(options, known)
    wanted = known if options.server == "." else dict.fromkeys((options.server, PROGRAM))
    read = ledgers.newest_incidents if options.all else ledgers.open_incidents
    found, faults = each(wanted, lambda name: read(known[name]))
    done = {
        name: [incident_json(one) for one in incidents]
        for name, incidents in found.items()
        if incidents or (incidents is not None and name != PROGRAM)
    }
    if not options.json:
        for name, incidents in done.items():
            for incident in incidents:
                _show_incident(name, incident)
        if not any(done.values()):
            say("no incident is open" if not options.all else "there was no incident yet")
    told = {name: {"incidents": incidents} for name, incidents in done.items()}
    return answer("sites", told, set(), faults)


def _close(options: argparse.Namespace, known: IncidentLedgers) -> None:
    from mtdata.alerts.ledgers import close_incident

    if options.server == ".":
        raise UsageError("name the site that this is for")
    if not close_incident(known[options.server], options.close):
        raise UsageError(f"{options.server} has no open incident {options.close}")
    if not options.json:
        say(f"incident {options.close} of {options.server} is closed")


def _show_incident(site: str, one: dict[str, Any]) -> None:
    """Two lines, and one with what to do; the number is what --close takes."""
    where = f"{site} {one['scale']}".strip()
    since = f"from {_minute(one['opened_at'])} to {_minute(one['last_at'])} UTC"
    seen = f"seen {counted_times(one['count'])} {since}"
    closed = f", closed {_minute(one['closed_at'])}" if one["closed_at"] else ""
    say(f"{one['number']}  {one['level'].upper()}  {where}: {one['kind']}  ({seen}{closed})")
    _say_folded(one["detail"].partition(TO_DO)[0])
    if one["to_do"]:
        _say_folded(f"to do: {one['to_do']}")


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")


def _say_folded(told: str) -> None:
    """In lines of a terminal's width; in a pipe as one."""
    for line in textwrap.wrap(
        told, folded_at(WIDTH), break_on_hyphens=False, break_long_words=False
    ) or [""]:
        say(f"{INDENT}{line}")
