"""What status, held and deletions show of the study."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

from mtdata.cli.sites import Result, answer, each_site, settings_of
from mtdata.cli.state_tables import held_rows, show_growth, show_reports, show_site
from mtdata.cli.tables import clear, note, say, table
from mtdata.cli.words import STREAM, number
from mtdata.config import SiteConfig
from mtdata.core.clock import SystemClock
from mtdata.core.errors import ConfigError, RecordsError, UsageError
from mtdata.core.reach import NO_FILE, is_plain
from mtdata.duties import DUTIES
from mtdata.jobs import daily_reports
from mtdata.jobs.duty import daily_of
from mtdata.jobs.metrics import page_of, write_metrics
from mtdata.study.ledger import Released
from mtdata.study.operations import commands
from mtdata.study.operations.deletions import would_delete
from mtdata.study.operations.opening import has_pool
from mtdata.study.status.shape import as_json

WATCH_S = 2.0
NO_POOL = "no pool yet; `mtdata export` makes it"
NOTHING_RELEASED = (
    "`mtdata held` shows scale, id and kind of what waits (malformed never becomes a row)"
)
STILL_SEALED = (
    "%d sealed: no row comes before a key opens them; the next export tries again, and they "
    "hold up no other version of their id"
)


def _looked(
    options: argparse.Namespace, act: Callable[[SiteConfig], Any]
) -> tuple[dict[str, Any], Any]:
    settings = settings_of(options)
    sites = settings.sites if options.server == "." else (settings.site(options.server),)
    return each_site(tuple(site for site in sites if has_pool(site)), act)


def _check_metrics(options: argparse.Namespace) -> None:
    if options.metrics == STREAM and options.json:
        raise UsageError("--json and --metrics - cannot both have standard output")
    if options.metrics and options.metrics != STREAM and not is_plain(options.metrics):
        raise UsageError(f"--metrics {options.metrics}: {NO_FILE}")


def status(options: argparse.Namespace) -> Result:
    """How each pool stands; exit 1 when something is overdue.

    UsageError for words that do not go together.
    """
    _check_metrics(options)
    if options.watch and (options.json or options.metrics or not sys.stdout.isatty()):
        raise UsageError("--watch is for a terminal, without --json and --metrics")
    while options.watch:
        try:
            clear()
            _shown_status(options)
            time.sleep(WATCH_S)
        except KeyboardInterrupt:
            return 0, {}
    return _shown_status(options)


def _shown_status(options: argparse.Namespace) -> Result:
    done, faults = _looked(options, lambda site: as_json(commands.status(site)))
    if options.metrics == STREAM:
        say(page_of(DUTIES, settings_of(options)).text().decode().rstrip("\n"))
    elif options.metrics:
        write_metrics(DUTIES, settings_of(options), options.metrics)
    if not options.json and options.metrics != STREAM:
        for name, state in done.items():
            show_site(name, state, whole=bool(getattr(options, "verbose", 0)))
        if any(state["incidents"] for state in done.values()):
            say("`mtdata incidents` says what is wrong")
        if not done and not faults:
            say(NO_POOL)
    reports = {} if options.metrics == STREAM else _reports(options)
    if options.metrics != STREAM and getattr(options, "verbose", 0):
        reports |= _growth(options)
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


def _growth(options: argparse.Namespace) -> dict[str, Any]:
    """How much there is of all that grows with time, since when, and for how long it is kept."""
    from mtdata.daemon.keeping import amounts  # with all that knows something that grows

    try:
        found = list(amounts(settings_of(options), DUTIES))
    except (RecordsError, ConfigError) as error:
        note(f"mtdata: what grows: {error}")
        return {}
    if not options.json:
        show_growth(found)
    return {
        "growth": [
            {
                "of": line.whose,
                "what": line.name,
                "count": amount and amount.number,
                "since": amount and amount.since and amount.since.isoformat(),
                "kept_s": line.keep_s,
                "rule": line.rule,
            }
            for line, amount in found
        ]
    }


def _site_name(options: argparse.Namespace) -> str:
    if options.server == ".":
        raise UsageError("name the site that this is for")
    return str(options.server)


def held(options: argparse.Namespace) -> Result:
    """Entries that wait, and for what; or let one through.  UsageError for what is none."""
    released = Released(0, 0)
    if options.release:
        scale, word = options.release
        try:
            id = None if word == "all" else number(word)
        except ValueError:
            raise UsageError("--release takes a scale and an id, or a scale and 'all'") from None
        site = settings_of(options).site(_site_name(options))
        released = commands.release(site, scale, id) if has_pool(site) else released
    done, faults = _looked(options, commands.held)
    if not options.json:
        if options.release:
            _say_released(released)
        table(
            "held",
            ("site", "scale", "id", "kind", "entries", "reason"),
            held_rows(done, whole=bool(getattr(options, "verbose", 0))),
            "nothing is held" if done else NO_POOL,
        )
    shown = {name: {"held": found, "released": released.rows} for name, found in done.items()}
    return answer("sites", shown, set(), faults)


def _say_released(released: Released) -> None:
    if released.rows or not released.sealed:
        after = "the next export makes their rows" if released.rows else NOTHING_RELEASED
        say(f"{released.rows} let through; {after}")
    if released.sealed:
        say(STILL_SEALED % released.sealed)


def deletions(options: argparse.Namespace) -> Result:
    """What would be deleted on the site and what not, and why."""
    done, faults = _looked(options, would_delete)
    if not options.json:
        for name, scales in done.items():
            table(
                f"{name}: by the last listing",
                ("scale", "would be deleted", "stays", "why"),
                [
                    (scale, len(one["would_delete"]), one["stays"], one["why"])
                    for scale, one in scales.items()
                    if one["would_delete"] or one["stays"]
                ],
                f"{name}: nothing is on the site" if scales else f"{name}: no scale yet",
            )
    shown = {name: {"scales": found} for name, found in done.items()}
    return answer("sites", shown, set(), faults)
