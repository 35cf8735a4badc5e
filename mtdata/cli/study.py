"""Commands that carry data: export, decode, verify; each returns its code and its JSON."""

from __future__ import annotations

import argparse
import logging
import sys
from typing import Any

from mtdata import logs
from mtdata.alerts import heartbeat, notify
from mtdata.alerts.program_fault import ProgramFault, contained
from mtdata.cli.sites import Result, answer, each_site, recorded
from mtdata.cli.tables import measuring, note, say, table, watching
from mtdata.cli.words import path_of
from mtdata.config import SiteConfig, seconds
from mtdata.core.clock import SystemClock
from mtdata.core.errors import StorageError, UsageError
from mtdata.study.operations import commands as app
from mtdata.study.operations import verify as upkeep
from mtdata.study.operations.known_pool import has_raw
from mtdata.study.operations.opening import has_pool, incident_ledgers
from mtdata.study.status.report import RoundResult, table_of

log = logging.getLogger(__name__)
EXPORT = """examples:
  mtdata export                    the deleteable scales of every READY site
  mtdata export mysite             those of one site
  mtdata export mysite static      the scales that must stay: whole, when they changed
  mtdata export mysite all         both
  mtdata export mysite DASS21_AS   one scale
  mtdata export --json | jq .      the same for programs

It prints a table on a terminal, and nothing to a file or to cron when all is well.
Nothing is deleted on the site unless its DELETE_MODE is True.
"""
DECODE = """examples:
  mtdata decode                        every sheet again, into recovered_data of each pool
  mtdata decode mysite --check         write nothing: is every sheet what raw gives, byte for byte?
  mtdata decode mysite QOL --out /tmp/qol
"""
VERIFY = """examples:
  mtdata verify                    read every pool whole; exit 74 when something is wrong
  mtdata verify mysite --json      what was read, what is wrong, what was mended

What can be mended is mended; a file that somebody changed stays as it is, beside a new part.
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's commands."""
    export = commands.add_parser(
        "export", parents=[shared], help="one round: collect, verify, delete", epilog=EXPORT
    )
    export.add_argument("server", nargs="?", default=".", help="a site's NAME; . = every READY one")
    export.add_argument(
        "scale", nargs="?", default=".", help=". = deleteable ones, static, all, or a name"
    )
    export.set_defaults(run=_export)
    decode = commands.add_parser(
        "decode",
        aliases=["recover"],
        parents=[shared],
        help="sheets out of raw files again",
        epilog=DECODE,
    )
    decode.add_argument("server", nargs="?", default=".", help="a site's NAME; . = every one")
    decode.add_argument("scale", nargs="?", default=".", help=". = all, static, or a name")
    decode.add_argument(
        "--out", metavar="DIR", type=path_of, help="default: recovered_data of the pool"
    )
    decode.add_argument(
        "--check", action="store_true", help="write nothing; compare with active_data byte for byte"
    )
    decode.set_defaults(run=_decode)
    _add_verify(commands, shared)


def _add_verify(commands: Any, shared: argparse.ArgumentParser) -> None:
    verify = commands.add_parser(
        "verify", parents=[shared], help="every digest and every row", epilog=VERIFY
    )
    verify.add_argument("server", nargs="?", default=".", help="a site's NAME; . = every one")
    verify.add_argument(
        "--rebuild-ledger",
        action="store_true",
        help="ledger.sqlite3 is lost: make it again from the files of the pool",
    )
    verify.add_argument(
        "--rate", type=megabytes, default=0, metavar="MB", help="read at most so many MB a second"
    )
    verify.add_argument(
        "--for",
        dest="limit",
        type=seconds,
        default=0,
        metavar="TIME",
        help="stop after 90 (seconds), 5m or 2h; the next call goes on with what is longest unread",
    )
    verify.set_defaults(run=_verify)


def megabytes(word: str) -> float:
    """A rate in MB a second; below a byte a second nothing would ever be read.

    ValueError for any other word.
    """
    number = float(word)
    if not 1e-6 <= number < float("inf"):
        raise ValueError
    return number


def _export(options: argparse.Namespace) -> Result:
    settings = recorded(options)
    lacking: list[UsageError] = []

    def act(site: SiteConfig) -> RoundResult | None:
        try:
            with (
                contained(site.name),
                watching(site.name) as watch,
                heartbeat.beating(settings, site.name) as ended,
            ):
                report = app.export(site, options.scale, watch)
                ended.append(report)
                return report
        except UsageError as error:  # no such scale there; another of the sites may have it
            lacking.append(error)
            return None
        except ProgramFault as error:
            scale = heartbeat.incident_scale(site.name)
            notify.program_incident(settings, error.incident, scale, str(error), logged=True)
            raise

    rounds, faults = each_site(settings.chosen(options.server), act)
    notify.spread(settings, incident_ledgers)
    reports = {name: report for name, report in rounds.items() if report is not None}
    if lacking and not reports and not faults:
        raise UsageError("; ".join(map(str, lacking)))
    if not options.json and sys.stdout.isatty():
        for name, report in reports.items():
            table(name, *table_of(report), empty=f"{name}: no scale was collected")
    shown = {name: report.as_json() for name, report in reports.items()}
    return answer("sites", shown, {r.exit for r in reports.values()}, faults)


def _decode(options: argparse.Namespace) -> Result:
    settings = recorded(options)
    if settings.recovery.log:
        logs.also_into(settings.recovery.log, json_lines=settings.log.json_lines)
    sites = settings.sites if options.server == "." else (settings.site(options.server),)
    out = options.out or settings.recovery.out

    def act(site: SiteConfig) -> list[dict[str, Any]]:
        with watching(site.name):
            return app.decode(site, options.scale, out, check=options.check)

    done, faults = each_site(tuple(s for s in sites if s.path.is_dir() or has_pool(s)), act)
    if options.scale not in (".", "all", "static") and not faults and not any(done.values()):
        raise UsageError(
            f"there is no sheet of a scale {options.scale!a}; `mtdata status` names the scales"
        )
    if not options.json:
        for name, sheets in done.items():
            _show_decoded(name, sheets, check=options.check)
    differing = any(s["difference"] for sheets in done.values() for s in sheets)
    shown = {name: {"exit": 0, "sheets": sheets} for name, sheets in done.items()}
    return answer("sites", shown, {65} if differing else set(), faults)


def _show_decoded(name: str, sheets: list[dict[str, Any]], *, check: bool) -> None:
    def verdict(sheet: dict[str, Any]) -> str:
        written = "written" if sheet["made"] else "there already"
        return sheet["difference"] or ("byte-identical" if check else written)

    table(
        name,
        ("sheet", "rows", "left out", "verdict"),
        [(s["sheet"], s["rows"], s["left_out"], verdict(s)) for s in sheets],
        empty=f"{name}: no sheet yet",
    )
    if check and sheets and not any(sheet["difference"] for sheet in sheets):
        are = "sheet is" if len(sheets) == 1 else "sheets are"
        say(f"{name}: {len(sheets)} {are} byte-identical to what raw gives")


def _verify(options: argparse.Namespace) -> Result:
    settings = recorded(options)
    sites = settings.sites if options.server == "." else (settings.site(options.server),)
    if options.rebuild_ledger:
        return _rebuild(options, sites)

    clock = SystemClock()

    def act(site: SiteConfig) -> dict[str, Any]:
        until = clock.ticks() + options.limit
        return upkeep.verify(
            site,
            rate=options.rate * 1_000_000,
            enough=lambda read, total: bool(options.limit) and clock.ticks() >= until,
            bar=lambda total: measuring(site.name, total),
        )

    begun = tuple(s for s in sites if has_pool(s) or has_raw(s))
    done, faults = each_site(begun, act)
    notify.spread(settings, incident_ledgers)
    if not begun:
        note("mtdata: no pool yet; `mtdata export` makes it")
    wrong = any(found["exit"] for found in done.values())
    if not options.json and (wrong or sys.stdout.isatty()):  # cron mails whatever is printed
        columns = ("raw_files", "ranges", "entries", "sheets", "rows", "copies", "unread")
        table(
            "verified",
            ("site", "raw", *columns[1:], "wrong"),
            [
                (name, *(f[c] for c in columns), len(f["wrong"] + f["history"]))
                for name, f in done.items()
            ],
        )
        for found in done.values():
            mended = [f"mended: {text}" for text in found["mended"]]
            for line in found["wrong"] + found["history"] + mended:
                say(line)
    return answer("sites", done, {found["exit"] for found in done.values()}, faults)


def _rebuild(options: argparse.Namespace, sites: tuple[SiteConfig, ...]) -> Result:
    if len(sites) != 1:
        raise UsageError("name the site whose ledger is lost")

    def act(site: SiteConfig) -> dict[str, Any]:
        with watching(site.name) as watch:
            return app.rebuild_ledger(site, watch)

    done, faults = each_site(sites, act)
    if not options.json:
        for name, found in done.items():
            numbers = [
                (word, number) for word, number in found.items() if word not in ("odd", "unplaced")
            ]
            table(f"{name}: the ledger was made again", ("what", "found"), numbers)
            for odd in found["odd"]:
                say(odd)
    left = {StorageError.exit_code for found in done.values() if found["unplaced"]}
    return answer("sites", done, left, faults)
