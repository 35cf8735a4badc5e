"""`mtdata demo cake`, as the command line finds it: a day of clicks on their way to a local S3."""

from __future__ import annotations

import secrets
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtdata.demo.screen import Demo, Screen
from mtdata.web.needs import need_web

if TYPE_CHECKING:
    from mtdata.demo.cake.day import Day, DemoFile

ROWS, USER = 500_000, "demo"
Result = tuple[int, dict[str, Any]]


def _run(rows: int, keep: Path | None, screen: Screen, *, quiet: bool) -> Result:
    from mtdata.demo.cake.store import need_store

    need_web()
    need_store()
    # a terminal that is closed leaves nothing behind either
    signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
    from mtdata.demo.cake.day import day_of
    from mtdata.duties import KINDS
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
        page = _page(day, jobs, stays=not quiet and sys.stdout.isatty(), tell=tell)
        if keep is not None:
            tell(f"\nKept in {keep}: config, records, log, and the files, in {keep}/reports.")
        shown = _summary_json(day, jobs, files, seconds)
    return _exit(shown | {"page": page}, faults + page["faults"], screen)


def _faults(day: Day, files: list[DemoFile]) -> list[str]:
    found = [f"{file.name}: {file.fault}" for file in files if file.fault]
    return found + [f"{name}: nobody asked for it" for name in sorted(day.strangers(files))]


def _show(files: list[DemoFile], screen: Screen) -> None:
    screen.table(
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
        tell(f"   Log in as {USER} with the password {password}; Ctrl-C ends it all.")
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


def _exit(shown: dict[str, Any], faults: list[str], screen: Screen) -> Result:
    if not faults:
        return 0, shown
    for fault in faults:
        screen.warn(f"mtdata: {fault}")
    error = {"kind": "PartFailed", "message": "; ".join(faults), "exit": 65}
    return 65, shown | {"error": error}


DEMO = Demo(
    about="reports of CAKE",
    rows=ROWS,
    rows_of="clicks of CAKE",
    examples=(
        ("demo cake", f"{ROWS:,} clicks of a day from CAKE to a local S3, and the page"),
        ("demo cake --rows 20000", ""),
    ),
    run=_run,
    remark="On a terminal the page of `demo cake` stays until Ctrl-C.",
)
