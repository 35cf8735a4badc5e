"""The command that shows what the program does on this machine alone: a study, a day of CAKE."""

from __future__ import annotations

import argparse
import logging
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtdata.cli.sites import Result
from mtdata.cli.study import show_round
from mtdata.cli.tables import counting, note, say, table
from mtdata.cli.web import need_web
from mtdata.cli.words import path_of
from mtdata.core.errors import UsageError

if TYPE_CHECKING:
    from mtdata.demo.cake.day import Day, DemoFile

DEMO = """examples:
  mtdata demo                      a study site, one collection, what came out, what was deleted
  mtdata demo --rows 20000 --keep /tmp/demo
  mtdata --config /tmp/demo/config status
  mtdata --config /tmp/demo/config user add anna --admin
  mtdata --config /tmp/demo/config web
  mtdata demo cake                 500,000 clicks of a day from CAKE to a local S3, and the page
  mtdata demo cake --rows 20000

Nothing leaves this machine.  On a terminal the page of `demo cake` stays until Ctrl-C.
"""
STUDY_ROWS, CAKE_ROWS, MOST_ROWS = 300, 500_000, 1_000_000
USER = "demo"


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    demo = commands.add_parser(
        "demo", parents=[shared], help="the main job, on this machine alone", epilog=DEMO
    )
    demo.add_argument(
        "what",
        nargs="?",
        default="study",
        choices=["study", "cake"],
        help="a study site (the default), or reports of CAKE",
    )
    demo.add_argument(
        "--rows",
        type=int,
        metavar="N",
        help=f"rows on the site (default: {STUDY_ROWS}; clicks of CAKE: {CAKE_ROWS})",
    )
    demo.add_argument(
        "--keep", type=path_of, metavar="DIR", help="leave config, keys, pool and a job there"
    )
    demo.add_argument("-q", "--quiet", action="store_true", help="print nothing when all is well")
    demo.set_defaults(run=_demo)


def _demo(options: argparse.Namespace) -> Result:
    usual = CAKE_ROWS if options.what == "cake" else STUDY_ROWS
    rows = usual if options.rows is None else options.rows
    if not 1 <= rows <= MOST_ROWS:
        raise UsageError(f"--rows takes a whole number from 1 to {MOST_ROWS}")
    quiet = options.json or options.quiet
    if options.what == "cake":
        return _cake(rows, options.keep, quiet=quiet)
    from mtdata.demo.study.tour import tour  # only the demo needs the stand-ins

    report, shown = tour(rows, options.keep, quiet=quiet, show=show_round)
    return report.exit, shown


def _cake(rows: int, keep: Path | None, *, quiet: bool) -> Result:
    from mtdata.demo.cake.store import need_store

    need_web()
    need_store()
    # a terminal that is closed leaves nothing behind either
    signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
    from mtdata.demo.cake.day import day_of
    from mtdata.duties import KINDS
    from mtdata.web.setting import open_web

    tell = (lambda text: None) if quiet else say
    with day_of(rows, keep) as day:
        tell(
            f"1. An instance of CAKE at {day.site.domain} with {day.clicks:,} clicks and "
            f"{day.events:,} conversions\n   of one day, and a local S3 at {day.store.url}"
        )
        open_web(day.settings, KINDS)  # before any record is loaded
        jobs = day.queue()
        tell(f"2. A runner carries two jobs: {' and '.join(job.kind for job in jobs)}")
        with counting("from CAKE to S3", day.rows, quiet=quiet) as moved:
            seconds = day.carry(jobs, moved)
        tell(f"   {day.rows:,} rows in {seconds:.1f} s: {day.rows / seconds:,.0f} rows a second")
        with counting("read back", day.rows, quiet=quiet) as moved:
            files = list(day.read_back(jobs, moved))
        faults = _faults(day, files)
        if not quiet:
            _show(files)
        page = _page(day, jobs, stays=not quiet and sys.stdout.isatty(), tell=tell)
        if keep is not None:
            tell(f"\nKept in {keep}: config, records, log, and the files, in {keep}/reports.")
        shown = _summary_json(day, jobs, files, seconds)
    return _exit(shown | {"page": page}, faults + page["faults"])


def _faults(day: Day, files: list[DemoFile]) -> list[str]:
    found = [f"{file.name}: {file.fault}" for file in files if file.fault]
    return found + [f"{name}: nobody asked for it" for name in sorted(day.strangers(files))]


def _show(files: list[DemoFile]) -> None:
    table(
        f"3. What came out, read back from the bucket: {len(files)} files",
        ("file", "rows", "bytes", "SHA-256", "verdict"),
        [(f.name, f.rows, f.size, f.sha256[:10], f.fault or "whole") for f in files],
    )


def _page(day: Day, jobs: list[Any], *, stays: bool, tell: Callable[[str], None]) -> dict[str, Any]:
    """Serve the page: for people until Ctrl-C, else until it was asked once."""
    from mtdata.demo.visitor import visit
    from mtdata.duties import KINDS
    from mtdata.web.access import users
    from mtdata.web.serve import serve, server_of

    password = secrets.token_urlsafe(12)
    users.put(USER, password, "operator")
    server = server_of(day.settings, KINDS, "127.0.0.1", 0)
    url, main, faults = f"http://127.0.0.1:{server.effective_port}", threading.get_ident(), []

    def ask() -> None:
        try:
            faults.extend(visit(url, USER, password, [str(job.pk) for job in jobs]))
        finally:
            signal.pthread_kill(main, signal.SIGINT)  # the server's sign to end

    tell(f"4. The page: {url}/")
    if stays:
        say(f"   Log in as {USER} with the password {password}; Ctrl-C ends it all.")
    else:
        threading.Thread(target=ask, daemon=True).start()
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    serve(server)
    for one, act in before.items():
        signal.signal(one, act)
    if not stays and not faults:
        tell("   It was asked: each job is Success, and what it made can be downloaded.")
    return {"url": url, "user": USER, "faults": faults}


def _summary_json(
    day: Day, jobs: list[Any], files: list[DemoFile], seconds: float
) -> dict[str, Any]:
    from mtdata.jobs.records import queries

    told = [queries.details_of(job) for job in jobs]
    words = ("id", "name", "kind", "status", "rows", "parts")
    return {
        "clicks": day.clicks,
        "conversions": day.events,
        "seconds": round(seconds, 3),
        "jobs": [{word: one[word] for word in words} for one in told],
        "files": [file._asdict() for file in files],
    }


def _exit(shown: dict[str, Any], faults: list[str]) -> Result:
    if not faults:
        return 0, shown
    for fault in faults:
        note(f"mtdata: {fault}", logging.ERROR)
    error = {"kind": "PartFailed", "message": "; ".join(faults), "exit": 65}
    return 65, shown | {"error": error}
