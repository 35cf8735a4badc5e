"""What export, decode and verify do; each returns its code and its JSON."""

from __future__ import annotations

import argparse
import logging
import sys
from typing import Any

from mtdata import logs
from mtdata.alerts import heartbeat, notify
from mtdata.alerts.program_fault import ProgramFault, contained
from mtdata.cli.sites import Result, answer, each_site, recorded
from mtdata.cli.tables import counted, measuring, note, say, table, watching
from mtdata.config import SiteConfig
from mtdata.core.clock import SystemClock
from mtdata.core.errors import StorageError, UsageError
from mtdata.core.reach import is_folder
from mtdata.study.operations import commands
from mtdata.study.operations.known_pool import has_raw
from mtdata.study.operations.opening import has_pool, incident_ledgers
from mtdata.study.operations.verify import verify as verify_pool
from mtdata.study.status.result import RoundResult, table_of

log = logging.getLogger(__name__)


def export(options: argparse.Namespace) -> Result:
    """One round of the sites that are meant.  UsageError where none has such a scale."""
    settings = recorded(options)
    lacking: list[UsageError] = []

    def act(site: SiteConfig) -> RoundResult | None:
        try:
            with (
                contained(site.name),
                watching(site.name) as watch,
                heartbeat.beating(settings, site.name) as ended,
            ):
                report = commands.export(site, options.scale, watch)
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
            _show_round(name, report)
    shown = {name: report.as_json() for name, report in reports.items()}
    return answer("sites", shown, {r.exit for r in reports.values()}, faults)


def _show_round(name: str, report: RoundResult) -> None:
    """A line for each scale of which there is something to tell; the others are counted."""
    columns, rows = table_of(report)
    busy = [row for row in rows if any(row[1:])]
    quiet = len(rows) - len(busy)
    more = " more" if busy else ""
    told = f"{name}: nothing new in {counted(quiet, f'{more} scale'.strip())}"
    table(name, columns, busy, empty=told if rows else f"{name}: no scale was collected")
    if busy and quiet:
        say(told)


def decode(options: argparse.Namespace) -> Result:
    """Sheets out of raw files again.  UsageError where there is no such scale."""
    settings = recorded(options)
    if settings.recovery.log:
        how = settings.log
        logs.also_into(
            settings.recovery.log, json_lines=how.json_lines, json_fields=how.json_fields
        )
    sites = settings.sites if options.server == "." else (settings.site(options.server),)

    def act(site: SiteConfig) -> list[dict[str, Any]]:
        out = options.out or settings.recovery.out
        if options.out is None or options.server == ".":  # else it is the folder of this site alone
            out = commands.recovered_to(settings, site, out)
        with watching(site.name):
            return commands.decode(site, options.scale, out, check=options.check)

    done, faults = each_site(tuple(s for s in sites if is_folder(s.path) or has_pool(s)), act)
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


def verify(options: argparse.Namespace) -> Result:
    """Every digest and every row of the pools that are meant."""
    settings = recorded(options)
    sites = settings.sites if options.server == "." else (settings.site(options.server),)
    if options.rebuild_ledger:
        return _rebuild(options, sites)

    clock = SystemClock()

    def act(site: SiteConfig) -> dict[str, Any]:
        until = clock.ticks() + options.limit
        return verify_pool(
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
            return commands.rebuild_ledger(site, watch)

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
