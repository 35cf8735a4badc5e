"""Commands that look: status, held, incidents, deletions."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from mtdata.alerts import notify
from mtdata.cli.sites import Result, answer, each_site, settings_of
from mtdata.cli.state_tables import show_reports, show_site
from mtdata.cli.tables import note, say, table
from mtdata.cli.words import STREAM, path_of
from mtdata.config import SiteConfig
from mtdata.core.checks import PROGRAM
from mtdata.core.clock import SystemClock
from mtdata.core.errors import RecordsError, UsageError
from mtdata.core.reach import NO_FILE, is_free
from mtdata.duties import DUTIES
from mtdata.jobs import daily_reports
from mtdata.jobs.duty import daily_of
from mtdata.study.ledger import Released
from mtdata.study.model.bounds import MAX_ID
from mtdata.study.operations import commands as app
from mtdata.study.operations import incidents
from mtdata.study.operations.opening import has_pool
from mtdata.study.status.overview import incident_json

SERVER = "a site's NAME; . = every one"
STATUS = """examples:
  mtdata status
  mtdata status mysite --json
  mtdata status --metrics /var/lib/prometheus/node-exporter/mtdata.prom

Exit 1 when something is overdue: a READY site had no good round for three times EVERY (15 minutes
at least), or its scales that must stay were not collected within six hours of their time.

rows: in sheets · held: safe, without a row yet · owed: safe, and still on the site ·
waiting: safe, the next round makes the row · oldest: how long the oldest entry on the site is safe
"""
DELETIONS = """examples:
  mtdata deletions                 before you set DELETE_MODE: True
  mtdata deletions mysite --json   every id that would go
"""
INCIDENTS = """examples:
  mtdata incidents                 what is open
  mtdata incidents mysite --all    closed ones too
  mtdata incidents mysite --close 7

docs/OPERATING.md says what each kind means and what to do.
"""
NOTHING_RELEASED = (
    "`mtdata held` shows scale, id and kind of what waits (malformed never becomes a row)"
)
STILL_SEALED = (
    "%d sealed: no row comes before a key opens them; the next export tries again, and they "
    "hold up no other version of their id"
)
HELD = """examples:
  mtdata held
  mtdata held mysite --release QOL 4711    both versions of this entry become rows
  mtdata held mysite --release QOL all

Sealed entries need the right key, and malformed ones must be put right on the site.  --release
makes no row of them; a sealed one holds up no other version of its id any more.
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's commands."""
    state = commands.add_parser(
        "status", parents=[shared], help="how each pool stands", epilog=STATUS
    )
    state.add_argument("server", nargs="?", default=".", help=SERVER)
    state.set_defaults(run=_status)
    state.add_argument(
        "--metrics",
        type=path_of,
        metavar="FILE",
        help="write the numbers of all sites for Prometheus (-: to standard output alone)",
    )
    deletions = commands.add_parser(
        "deletions",
        parents=[shared],
        help="what would be deleted and what not, and why",
        epilog=DELETIONS,
    )
    deletions.add_argument("server", nargs="?", default=".", help=SERVER)
    deletions.add_argument(
        "--dry-run",
        action="store_true",
        help="as always: this command only tells, `export` deletes",
    )
    deletions.set_defaults(run=_deletions)
    _add_troubles(commands, shared)


def _add_troubles(commands: Any, shared: argparse.ArgumentParser) -> None:
    troubles = commands.add_parser(
        "incidents", parents=[shared], help="troubles that are open", epilog=INCIDENTS
    )
    troubles.add_argument("server", nargs="?", default=".", help=SERVER)
    troubles.add_argument("--all", action="store_true", help="closed ones too")
    troubles.add_argument("--close", type=number, metavar="NUMBER", help="somebody looked at it")
    troubles.set_defaults(run=_incidents)
    held = commands.add_parser(
        "held", parents=[shared], help="entries that wait, and for what", epilog=HELD
    )
    held.add_argument("server", nargs="?", default=".", help=SERVER)
    held.add_argument(
        "--release",
        nargs=2,
        metavar=("SCALE", "ID"),
        help="let a held version through (ID or 'all'); the next export makes its row",
    )
    held.set_defaults(run=_held)


def _looked(
    options: argparse.Namespace, act: Callable[[SiteConfig], Any]
) -> tuple[dict[str, Any], Any]:
    settings = settings_of(options)
    sites = settings.sites if options.server == "." else (settings.site(options.server),)
    return each_site(tuple(site for site in sites if has_pool(site)), act)


def _check_metrics(options: argparse.Namespace) -> None:
    if options.metrics == STREAM and options.json:
        raise UsageError("--json and --metrics - cannot both have standard output")
    if options.metrics and options.metrics != STREAM and not is_free(options.metrics):
        raise UsageError(f"--metrics {options.metrics}: {NO_FILE}")


def _status(options: argparse.Namespace) -> Result:
    _check_metrics(options)
    done, faults = _looked(options, app.status)
    if options.metrics == STREAM:
        say(app.numbers(settings_of(options)).decode().rstrip("\n"))
    elif options.metrics:
        app.write_metrics(settings_of(options), options.metrics)
    if not options.json and options.metrics != STREAM:
        for name, state in done.items():
            show_site(name, state)
        if any(state["incidents"] for state in done.values()):
            say("`mtdata incidents` says what is wrong")
        if not done:
            say("no pool yet; `mtdata export` makes it")
    reports = _reports(options)
    late = [name for name, state in done.items() if state["overdue"]]
    code, shown = answer("sites", done, {1} if late else set(), faults)
    if late:
        told = f"overdue: {', '.join(late)}"
        note(f"mtdata: {told}")
        if not faults:
            shown["error"] = {"kind": "Overdue", "message": told, "exit": code}
    return code, {**shown, **reports}


def _reports(options: argparse.Namespace) -> dict[str, Any]:
    """How daily reports stand, where any are asked for."""
    settings = settings_of(options)
    try:
        found = daily_reports.standing(daily_of(DUTIES), settings, SystemClock().now())
    except RecordsError as error:  # how the sites stand is told all the same
        note(f"mtdata: daily reports: {error}")
        return {}
    if not options.json:
        show_reports(found)
    return {"reports": found} if found else {}


def _incidents(options: argparse.Namespace) -> Result:
    if options.close is not None:
        site = settings_of(options).site(_site_name(options))
        if not has_pool(site) or not incidents.close_incident(site, options.close):
            raise UsageError(f"{site.name} has no open incident {options.close}")
        if not options.json:
            say(f"incident {options.close} of {site.name} is closed")
    done, faults = _looked(options, lambda site: incidents.incidents(site, closed_too=options.all))
    own = notify.program_incidents(settings_of(options), closed_too=options.all)
    if own:
        done[PROGRAM] = [incident_json(incident) for incident in own]
    if not options.json:
        for name, found in done.items():
            for incident in found:
                _show_incident(name, incident)
        if not any(done.values()):
            say("no incident is open" if not options.all else "there was no incident yet")
    told = {name: {"incidents": found} for name, found in done.items()}
    return answer("sites", told, set(), faults)


def _show_incident(site: str, one: dict[str, Any]) -> None:
    """Two lines; the number is what --close takes."""
    where = f"{site} {one['scale']}".strip()
    seen = f"seen {one['count']} times from {one['opened_at'][:16]} to {one['last_at'][:16]} UTC"
    closed = f", closed {one['closed_at'][:16]}" if one["closed_at"] else ""
    say(f"{one['number']}  {one['level'].upper()}  {where}: {one['kind']}  ({seen}{closed})")
    say(f"   {one['detail']}")


def _site_name(options: argparse.Namespace) -> str:
    if options.server == ".":
        raise UsageError("name the site that this is for")
    return str(options.server)


def number(word: str) -> int:
    """A whole number that the ledger can hold; ValueError for any other word."""
    if word.isascii() and word.isdigit() and len(word) < 20 and int(word) <= MAX_ID:
        return int(word)
    raise ValueError("no whole number")


def _held(options: argparse.Namespace) -> Result:
    released = Released(0, 0)
    if options.release:
        scale, word = options.release
        try:
            id = None if word == "all" else number(word)
        except ValueError:
            raise UsageError("--release takes a scale and an id, or a scale and 'all'") from None
        site = settings_of(options).site(_site_name(options))
        released = app.release(site, scale, id) if has_pool(site) else released
    done, faults = _looked(options, app.held)
    if not options.json:
        if options.release:
            _say_released(released)
        table(
            "held",
            ("site", "scale", "id", "kind", "entries", "reason"),
            [
                (
                    name,
                    h["scale"],
                    "" if h["id"] is None else h["id"],
                    h["kind"],
                    h["count"],
                    h["reason"],
                )
                for name, found in done.items()
                for h in found
            ],
        )
    shown = {name: {"held": found, "released": released.rows} for name, found in done.items()}
    return answer("sites", shown, set(), faults)


def _say_released(released: Released) -> None:
    if released.rows or not released.sealed:
        after = "the next export makes their rows" if released.rows else NOTHING_RELEASED
        say(f"{released.rows} let through; {after}")
    if released.sealed:
        say(STILL_SEALED % released.sealed)


def _deletions(options: argparse.Namespace) -> Result:
    done, faults = _looked(options, app.deletions)
    if not options.json:
        for name, scales in done.items():
            table(
                f"{name}: by the last listing",
                ("scale", "would be deleted", "stays", "why"),
                [(s, len(v["would_delete"]), v["stays"], v["why"]) for s, v in scales.items()],
            )
    shown = {name: {"scales": found} for name, found in done.items()}
    return answer("sites", shown, set(), faults)
