"""The commands of web logs that import, here or as jobs: a day, a range, every site, weeks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import Any

from mtdata.alerts import notify
from mtdata.cli.sites import Result, answer, each, recorded, with_records
from mtdata.cli.tables import counted, say, table, watching
from mtdata.cli.weblogs_looks import day_of, days_of
from mtdata.config import Settings
from mtdata.config.weblogs import WeblogSite
from mtdata.core.errors import UsageError
from mtdata.core.stop import StopToken
from mtdata.duties import DUTIES, KINDS
from mtdata.jobs.duty import ledgers_of
from mtdata.weblogs.operations import day_import, forcing, opening
from mtdata.weblogs.operations.day_import import DayDone, Wishes
from mtdata.weblogs.sites import site_named

SAMPLES = 5


def import_logs(options: argparse.Namespace) -> Result:
    """Import a day of a site, try it, or queue it.

    UsageError where it is to be tried by a job, or doubling was not allowed.
    """
    settings = recorded(options)
    site = site_named(settings, options.site)
    day = day_of(settings, site, options.day)
    if options.queue:
        if options.dry_run or options.explain or options.force is not None:
            raise UsageError("--queue makes a job, which tries, explains and forces nothing")
        return _queue_days(options, settings, [(site, [day])])
    explain = SAMPLES if options.explain else 0
    if options.dry_run:
        return _try(options, site, day, explain)
    if options.force is not None:
        _force(options, settings, site, day)
    with _spreading(settings):
        done = _imported(settings, site, day, explain)
    if not options.json:
        _show([(site, done)])
        _show_samples(done.samples)
    return done.exit, _day_json(site, done)


def _force(options: argparse.Namespace, settings: Settings, site: WeblogSite, day: date) -> None:
    """Let the ledger forget logs, when somebody has said that their hits may be doubled."""
    with opening.opened_ledger(settings, site.domain) as ledger:
        found = forcing.doubling(ledger, day, options.force)
        told = (
            f"{counted(len(found.logs), 'log')} of {day}: {counted(found.stored, 'hit')} that "
            f"Matomo has will be counted twice, and perhaps {found.doubtful:,} more"
        )
        if found.logs and not options.yes:
            if not sys.stdin.isatty():
                raise UsageError(f"{told}; say --yes if that is meant")
            print(f"{told}. Send them again? [y/N] ", end="", file=sys.stderr, flush=True)
            if sys.stdin.readline().strip().lower() not in ("y", "yes"):
                raise UsageError("nothing was sent")
        forcing.forget(ledger, found)


@contextmanager
def _spreading(settings: Settings) -> Iterator[None]:
    """Tell by mail and web hook what is wrong behind it, however it ends."""
    try:
        yield
    finally:
        notify.spread(settings, partial(ledgers_of, DUTIES))


def _imported(settings: Settings, site: WeblogSite, day: date, explain: int = 0) -> DayDone:
    with watching(f"{site.domain} {day}") as watch:
        return day_import.import_day(
            settings, site, day, Wishes(explain=explain, watch=watch, stop=StopToken())
        )


def _try(options: argparse.Namespace, site: WeblogSite, day: date, explain: int) -> Result:
    with watching(f"{site.domain} {day}") as watch:
        tried = day_import.try_day(site, day, Wishes(explain=explain, watch=watch))
    if not options.json:
        say(f"{counted(tried.files, 'file')} of {day}, {counted(tried.lines, 'line')}")
        say(f"{counted(tried.hits, 'hit')} would be sent; nothing was")
        rows = sorted(tried.skipped.items(), key=lambda one: -one[1])
        table("left out", ("reason", "lines"), rows)
        table("cannot be read to the end", ("file", "why"), tried.broken.items())
        _show_samples(tried.samples)
    shown = {
        "site": site.domain, "day": str(day), "dry_run": True, "lines": tried.lines,
        "hits": tried.hits, "skipped": dict(tried.skipped), "broken": dict(tried.broken),
        "samples": {reason: [list(one) for one in some] for reason, some in tried.samples.items()},
    }  # fmt: skip
    return (1 if tried.broken else 0), shown


def _show_samples(samples: day_import.Samples) -> None:
    rows = [(reason, line, text) for reason, some in samples.items() for line, text in some]
    table("samples", ("reason", "line", "text"), rows)


def _day_json(site: WeblogSite, done: DayDone) -> dict[str, Any]:
    whole = {"site": site.domain, "day": str(done.summary.day), **done.summary.as_json()}
    compared = [one.as_json() for one in done.after.compared]
    faults = [str(fault) for fault in done.after.faults]
    return {
        **whole,
        "archive": done.after.archive,
        "push": done.after.push,
        **({"reports": compared} if compared else {}),
        **({"faults": faults} if faults else {}),
    }


def _show(days: Iterable[tuple[WeblogSite, DayDone]]) -> None:
    """A table on a terminal; into a file or to cron only what is not well."""
    shown = [(site, one) for site, one in days if sys.stdout.isatty() or not one.is_well]
    columns = ("site", "day", "files", "lines", "hits", "stored", "in doubt", "invalid", "state")
    table(
        "imported",
        columns,
        [
            (
                site.domain, str(one.summary.day), len(one.listed), one.summary.lines,
                one.summary.total("hits"), one.summary.total("tracked"),
                one.summary.total("quarantined"), one.summary.total("invalid"),
                _state(one),
            )
            for site, one in shown
        ],
    )  # fmt: skip


def _state(one: DayDone) -> str:
    if not one.listed:
        return "no log of that day"
    return one.reason or "well"


def range_logs(options: argparse.Namespace) -> Result:
    """Import every day of a site from START to END."""
    settings = recorded(options)
    site = site_named(settings, options.site)
    return _several(
        options, settings, [(site, days_of(settings, site, options.start, options.end))]
    )


def daily_logs(options: argparse.Namespace) -> Result:
    """Import yesterday of every site."""
    settings = recorded(options)
    return _several(
        options, settings, [(site, [day_of(settings, site, "")]) for site in settings.weblogs.sites]
    )


def weekly_logs(options: argparse.Namespace) -> Result:
    """Import every site from START to END, a week at a time."""
    settings = recorded(options)
    work: list[tuple[WeblogSite, list[date]]] = []
    for site in settings.weblogs.sites:
        days = days_of(settings, site, options.start, options.end)
        work += [(site, days[at : at + 7]) for at in range(0, len(days), 7)]
    return _several(options, settings, work)


def _several(
    options: argparse.Namespace, settings: Settings, work: list[tuple[WeblogSite, list[date]]]
) -> Result:
    """Each day of each site; the fault of one ends none of the others."""
    if options.queue:
        return _queue_days(options, settings, work)
    acts = {
        f"{site.domain} {day}": partial(_imported, settings, site, day)
        for site, days in work
        for day in days
    }
    sites = {site.domain: site for site, _ in work}
    with _spreading(settings):
        done, faults = each(acts, lambda name: acts[name]())
    if not options.json:
        _show((sites[name.split(" ")[0]], one) for name, one in done.items())
    shown = {name: _day_json(sites[name.split(" ")[0]], one) for name, one in done.items()}
    return answer("days", shown, {one.exit for one in done.values()}, faults)


def _queue_days(
    options: argparse.Namespace,
    settings: Settings,
    work: Sequence[tuple[WeblogSite, Sequence[date]]],
) -> Result:
    """Queue a job of each day of each site, or none of them.

    JobError where that would be more than QUEUE_JOBS; RecordsError when they cannot be reached.
    """
    from mtdata.jobs.records import setting  # with the database

    setting.open_migrated(with_records(settings).database)
    from mtdata.jobs import queue
    from mtdata.jobs.parameters import validate
    from mtdata.jobs.records import queries
    from mtdata.weblogs.jobs import KIND

    given = [{"site": site.domain, "day": str(day)} for site, days in work for day in days]
    readings = [validate(KIND, settings, one) for one in given]
    jobs = queue.add_all(settings, KINDS, KIND.name, readings)
    if not options.json:
        for job in jobs:
            say(f"{job.name} is {job.status} ({job.pk})")
    return 0, {"jobs": [queries.summary_of(job) for job in jobs]}
