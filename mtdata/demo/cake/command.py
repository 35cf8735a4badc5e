"""`mtdata demo cake`, as the command line finds it: a day of clicks on their way to a local S3."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtdata.demo.screen import Demo, Result, Screen, ending
from mtdata.duties import KINDS
from mtdata.web.needs import need_web

if TYPE_CHECKING:
    from mtdata.demo.cake.day import Day, DemoFile

ROWS = 500_000
EXPORT = """# Made by `mtdata demo cake --serve`; the instance is gone when that ends.
CAKE:
  ADMIN_DOMAIN: '{domain}'
  SCHEME: http
  API_KEY: '{key}'
  TIMEZONE: {zone}
  RATE: 100
  OUTPUT: reports
"""


def _run(rows: int, keep: Path | None, screen: Screen, *, quiet: bool) -> Result:
    from mtdata.demo.store import need_store

    need_web()
    need_store("cake")
    # a terminal that is closed leaves nothing behind either
    signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
    from mtdata.demo.cake.day import day_of, look_at_jobs
    from mtdata.demo.page import serve_page
    from mtdata.web.setting import open_web

    tell = (lambda text: None) if quiet else screen.say
    with day_of(rows, keep) as day:
        tell(
            f"1. An instance of CAKE at {day.site.domain} with {day.clicks:,} clicks and "
            f"{day.events:,} conversions\n   of one day, and a local S3 at {day.store.url}"
        )
        open_web(day.settings, KINDS)  # before any record is loaded
        jobs = day.queue()
        tell(f"2. A runner carries two jobs: {' and '.join(job.kind for job in jobs)}")
        with screen.counting("from CAKE to S3", day.rows, quiet=quiet) as moved:
            seconds = day.carry(jobs, moved)
        tell(f"   {day.rows:,} rows in {seconds:.1f} s: {day.rows / seconds:,.0f} rows a second")
        with screen.counting("read back", day.rows, quiet=quiet) as moved:
            files = list(day.read_back(jobs, moved))
        faults = _faults(day, files)
        if not quiet:
            _show(files, screen)
        page = serve_page(
            day.settings,
            partial(look_at_jobs, [str(job.pk) for job in jobs]),
            stays=not quiet and sys.stdout.isatty(),
            tell=tell,
            seen="It was asked: each job is Success, and what it made can be downloaded.",
        )
        if keep is not None:
            tell(f"\nKept in {keep}: config, records, log, and the files, in {keep}/reports.")
        shown = _summary_json(day, jobs, files, seconds)
    return ending(shown | {"page": page}, faults + page["faults"], screen)


def _faults(day: Day, files: list[DemoFile]) -> list[str]:
    found = [f"{file.name}: {file.fault}" for file in files if file.fault]
    return found + [f"{name}: nobody asked for it" for name in sorted(day.strangers(files))]


def _show(files: list[DemoFile], screen: Screen) -> None:
    screen.table(
        f"3. What came out, read back from the bucket: {len(files)} files",
        ("file", "rows", "bytes", "SHA-256", "verdict"),
        [(f.name, f.rows, f.size, f.sha256[:10], f.fault or "whole") for f in files],
    )


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


@contextmanager
def _serve(rows: int, home: Path) -> Iterator[str]:
    from mtdata.demo.cake.day import DAY, EVENTS_SHARE, ZONE
    from mtdata.demo.cake.site import KEY, CakeSite
    from mtdata.demo.study.tour import demo_home, write_private

    events = max(1, rows // EVENTS_SHARE)
    with demo_home(home), CakeSite(zone=ZONE, clicks_a_day=rows, events_a_day=events) as site:
        (home / "config").mkdir(mode=0o700)
        export = EXPORT.format(domain=site.domain, key=KEY, zone=ZONE)
        write_private(home / "config" / "export.config", export.encode())
        yield f"An instance of CAKE at {site.domain}, {rows:,} clicks a day; try {DAY:%d-%m-%Y}"


DEMO = Demo(
    about="reports of CAKE",
    rows=ROWS,
    rows_of="clicks of CAKE",
    examples=(
        ("demo cake", f"{ROWS:,} clicks of a day from CAKE to a local S3, and the page"),
        ("demo cake --rows 20000", ""),
        ("demo cake --rows 2400 --serve --keep /tmp/cake", ""),
    ),
    run=_run,
    serve=_serve,
    remark="On a terminal the page of `demo cake` stays until Ctrl-C.",
)
