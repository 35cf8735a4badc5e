"""The commands of web logs that look: ledger, quarantine, reconcile, and statistics of days."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

from mtdata.cli.sites import Result, answer, each, recorded, settings_of
from mtdata.cli.tables import counted, note, say, table
from mtdata.config import Settings
from mtdata.config.weblogs import WeblogSite
from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import MTDataError, UsageError
from mtdata.jobs.kind import day as read_day
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.summary import day_summary
from mtdata.weblogs.operations import (
    batch_list,
    ledger_place,
    opening,
    quarantine,
    reconcile,
)
from mtdata.weblogs.operations.day_import import listed_of_day
from mtdata.weblogs.sites import site_named, source_of
from mtdata.weblogs.statistics import (
    DayStatistics,
    csv_of_stat,
    day_statistics,
    stat_csv,
    stat_table,
)

EVERY_SITE = "."


def day_of(settings: Settings, site: WeblogSite, word: str) -> date:
    """The day of a word, yesterday in the site's zone for none.  UsageError for no day."""
    if not word:
        return SystemClock().now().astimezone(site.zone).date() - timedelta(days=1)
    try:
        return date.fromisoformat(read_day(settings, word))
    except ValueError as error:
        raise UsageError(f"{word!r} is no day: {error}") from error


def days_of(settings: Settings, site: WeblogSite, first: str, last: str) -> list[date]:
    """Every day from one to the other, both included.  UsageError where they are none."""
    start, end = day_of(settings, site, first), day_of(settings, site, last)
    if end < start:
        raise UsageError(f"START {start} is after END {end}; both days are included")
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]


def show_ledger(options: argparse.Namespace) -> Result:
    """Show what went out of a day, and what became of it; or bring it into the records."""
    if options.move:
        return _move_ledger(options)
    settings = settings_of(options)
    site = site_named(settings, options.site)
    with opening.opened_ledger(settings, site.domain) as ledger:
        days = [day_of(settings, site, options.day)] if options.day else sorted(ledger.logs.days())
        found = [one for day in days for one in batch_list.batches_of(ledger, day)]
    if not options.json:
        columns = ("day", "file", "lines", "hits", "batch", "state")
        table("batches", columns, [one.cells for one in found], "nothing was imported yet")
    return 0, {"site": site.domain, "batches": [one.as_json() for one in found]}


def _move_ledger(options: argparse.Namespace) -> Result:
    """Bring the lines of a site's file, or of every one's, into the database of the records."""
    if options.day:
        raise UsageError("--move takes every day of the site")
    settings = recorded(options)
    every = options.site == EVERY_SITE
    sites = settings.weblogs.sites if every else [site_named(settings, options.site)]

    def move(domain: str) -> dict[str, int]:
        path = opening.ledger_path(settings, domain)
        return ledger_place.move(settings, domain, path)._asdict()

    done, faults = each([site.domain for site in sites], move)
    if not options.json:
        rows = [(name, one["logs"], one["batches"]) for name, one in done.items()]
        table("moved into the records", ("site", "logs", "batches"), rows)
    return answer("moved", done, set(), faults)


def show_quarantine(options: argparse.Namespace) -> Result:
    """Show the lines in doubt, or end the doubt.  UsageError for words that do not fit."""
    settings = recorded(options)
    site = site_named(settings, options.site)
    if options.batch and options.resolve not in ("stored", "resend"):
        raise UsageError("--batch goes with --resolve stored or --resolve resend")
    with opening.opened_ledger(settings, site.domain) as ledger:
        if options.resolve == "auto":
            _resolve_by_reports(site, ledger)
        elif options.resolve:
            numbers = options.batch or [one.batch.number for one in quarantine.doubts(ledger)]
            for number in numbers:
                batch = quarantine.resolve(ledger, number, options.resolve, getpass.getuser())
                note(f"batch {number} with {counted(batch.hits, 'hit')}: {options.resolve}")
        found = quarantine.doubts(ledger)
    if not options.json:
        table(
            "quarantine",
            ("batch", "state", "hits", "lines", "why"),
            list(_rows(found)),
            "nothing is in doubt",
        )
    return (1 if found else 0), {
        "site": site.domain,
        "batches": [one.as_json() for one in found],
    }


def _resolve_by_reports(site: WeblogSite, ledger: WeblogLedger) -> None:
    for verdict, numbers in reconcile.resolve_by_reports(site, ledger).items():
        if numbers:
            told = {"open": "the reports do not prove what became of them"}.get(verdict, verdict)
            note(f"{counted(len(numbers), 'batch', 'batches')}: {told}")


def show_reconcile(options: argparse.Namespace) -> Result:
    """Show the ledger of a day beside Matomo's reports."""
    settings = recorded(options)
    site = site_named(settings, options.site)
    day = day_of(settings, site, options.day)
    with opening.opened_ledger(settings, site.domain) as ledger:
        found = reconcile.compare_day(site, ledger, day)
    shown = [one.as_json() for one in found]
    if not options.json:
        columns = ("day", "what", "by the ledger", "in doubt", "reported")
        rows = [row for one in found for row in one.rows()]
        table("ledger and reports", columns, rows, "no day of these logs is over yet")
        for one in found:
            for words in filter(None, (*one.differences, one.visits.unknown)):
                say(f"{one.day}: {words}")
    well = all(one.is_well for one in found)
    return (0 if well else 1), {"site": site.domain, "days": shown}


def _rows(found: Iterable[quarantine.Doubt]) -> Iterator[tuple[object, ...]]:
    for one in found:
        lines = "; ".join(f"{log.key}: {log.ranges}" for log in one.logs)
        yield one.batch.number, one.batch.doubt, one.batch.hits, lines, one.batch.reason


def show_stat(options: argparse.Namespace) -> Result:
    """Show files, bytes, lines and hits of a day, or write them into files."""
    settings = settings_of(options)
    return _tell(options, settings, lambda site: [day_of(settings, site, options.day)])


def show_stats(options: argparse.Namespace) -> Result:
    """Show the same of every day from START to END, or write it into files."""
    settings = settings_of(options)
    return _tell(
        options, settings, lambda site: days_of(settings, site, options.start, options.end)
    )


def _tell(
    options: argparse.Namespace, settings: Settings, days: Callable[[WeblogSite], list[date]]
) -> Result:
    """The days of the site, or of each one for "." where the fault of one ends none of the others.

    A table of all, or a file a site.
    """
    faults: dict[str, MTDataError] = {}
    if options.site == EVERY_SITE and settings.weblogs.sites:
        sites = {site.domain: site for site in settings.weblogs.sites}
        done, faults = each(
            sites, lambda name: _statistics(settings, sites[name], days(sites[name]))
        )
        tables: list[list[DayStatistics]] = list(done.values())
    else:
        site = site_named(settings, options.site)
        tables = [_statistics(settings, site, days(site))]
    files = [_write(options.out, one, as_csv=options.csv) for one in tables if options.out]
    shown = [one for some in tables for one in some]
    if not options.json:
        text = "".join(f"{file}\n" for file in files) or _table(shown, as_csv=options.csv)
        print(text, end="")
    code, failed = answer("failed", {}, set(), faults)
    told = {"days": [_statistics_json(one) for one in shown]}
    return code, told | ({"files": files} if files else {}) | (failed if faults else {})


def _statistics(settings: Settings, site: WeblogSite, days: list[date]) -> list[DayStatistics]:
    """By the listing of the bucket, which has the bytes, and the ledger, which has the lines."""
    found = []
    with source_of(site) as source, opening.opened_ledger(settings, site.domain) as ledger:
        for day in days:
            summary = day_summary(ledger.database, ledger.logs, day)
            found.append(
                day_statistics(
                    site.domain,
                    day,
                    listed_of_day(source, site, day),
                    lines=summary.lines,
                    hits=summary.total("hits"),
                    skipped=summary.skipped,
                )
            )
    return found


def _statistics_json(one: DayStatistics) -> dict[str, object]:
    return {
        "site": one.site,
        "day": str(one.day),
        "files": one.files,
        "total_bytes": one.total_bytes,
        "average_bytes": one.average_bytes,
        "lines": one.lines,
        "hits": one.hits,
        "skipped": dict(one.skipped),
    }


def _table(days: list[DayStatistics], *, as_csv: bool) -> str:
    return stat_csv(days) if as_csv else stat_table(days)


def _write(folder: Path, days: list[DayStatistics], *, as_csv: bool) -> str:
    """Put the table of a site's days into its file, in the place of an earlier one; its path."""
    first, last = days[0].day, days[-1].day
    span = f"{first}" if first == last else f"{first}_{last}"
    name = f"{days[0].site}-{span}.{'csv' if as_csv else 'stat'}"
    FolderDisk(folder).replace(name, _table(days, as_csv=as_csv).encode())
    return str(folder / name)


def show_csv(options: argparse.Namespace) -> Result:
    """Make a .csv of each .stat table.  UsageError for a file that cannot be read or written."""
    files = [Path(one) for one in options.files] or sorted(Path().glob("*.stat*"))
    made = []
    for file in files:
        try:
            text = csv_of_stat(file.read_text("utf-8", "replace"))
            target = file.with_suffix(".csv")
            target.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}") from error
        made.append(str(target))
        if not options.json:
            say(str(target))
    return 0, {"files": made}
